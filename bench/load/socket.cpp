// SPDX-License-Identifier: Apache-2.0
#include "load/socket.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace jsocket::bench {

namespace {

constexpr timeval patience{.tv_sec = 20, .tv_usec = 0};
constexpr std::size_t longest_greeting = 64 * 1024;
constexpr std::string_view unix_scheme = "unix:";

void set_option(int fd, int level, int option, const auto& value) {
    if (setsockopt(fd, level, option, &value, sizeof value) != 0) fail("setsockopt");
}

/// Many connections in a short time use up the local ports for a moment, and a full backlog of a
/// UNIX socket refuses at once where TCP waits.
void connect_patiently(int fd, const sockaddr* address, socklen_t size, const std::string& name) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(patience.tv_sec);
    while (connect(fd, address, size) != 0) {
        const bool passes = errno == EADDRNOTAVAIL || errno == EAGAIN || errno == EINTR;
        if (!passes || std::chrono::steady_clock::now() > deadline) fail("connect to " + name);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void connect_unix(int fd, const std::string& name) {
    const std::string path = name.substr(unix_scheme.size());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        throw std::runtime_error("the path in \"" + name + "\" is empty or too long");
    }
    path.copy(address.sun_path, path.size());
    connect_patiently(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address, name);
}

void connect_tcp(int fd, const std::string& name) {
    const std::size_t colon = name.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::uint16_t port = 0;
    const char* const end = name.data() + name.size();
    const bool valid = colon != std::string::npos &&
                       std::from_chars(name.data() + colon + 1, end, port).ptr == end && port > 0 &&
                       inet_pton(AF_INET, name.substr(0, colon).c_str(), &address.sin_addr) == 1;
    if (!valid) throw std::runtime_error("\"" + name + "\" is not ADDRESS:PORT, nor unix:PATH");
    address.sin_port = htons(port);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    connect_patiently(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address, name);
}

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) close(fd_);
}

void fail(const std::string& what) {
    if (errno == EAGAIN) throw std::runtime_error(what + ": nothing moved for some seconds");
    throw std::system_error(errno, std::generic_category(), what);
}

Descriptor connect_to(const std::string& address) {
    const bool local = address.starts_with(unix_scheme);
    Descriptor socket(::socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) fail("socket");
    set_option(socket.get(), SOL_SOCKET, SO_RCVTIMEO, patience);
    set_option(socket.get(), SOL_SOCKET, SO_SNDTIMEO, patience);
    local ? connect_unix(socket.get(), address) : connect_tcp(socket.get(), address);
    return socket;
}

void send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail("send");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::size_t receive(int fd, std::span<char> room, int flags) {
    while (true) {
        const ssize_t count = recv(fd, room.data(), room.size(), flags);
        if (count > 0) return static_cast<std::size_t>(count);
        if (count == 0) throw std::runtime_error("the server closed the connection");
        if (errno == EAGAIN && (flags & MSG_DONTWAIT) != 0) return 0;
        if (errno != EINTR) fail("recv");
    }
}

std::string receive_exactly(int fd, std::size_t count) {
    if (count > longest_greeting) throw std::runtime_error("the server's greeting is too long");
    std::string bytes(count, '\0');
    for (std::size_t got = 0; got < count;) got += receive(fd, std::span(bytes).subspan(got));
    return bytes;
}

std::string receive_until(int fd, std::string_view end) {
    std::string bytes;
    while (!bytes.ends_with(end)) {
        if (bytes.size() > longest_greeting) throw std::runtime_error("the greeting has no end");
        bytes += receive_exactly(fd, 1);
    }
    return bytes;
}

}  // namespace jsocket::bench
