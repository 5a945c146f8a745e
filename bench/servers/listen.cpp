// SPDX-License-Identifier: Apache-2.0
#include "servers/listen.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <iostream>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace jsocket::bench {

namespace {

constexpr int backlog = 4096;
constexpr std::string_view unix_scheme = "unix:";

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int bind_unix(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        throw std::invalid_argument("the path of a UNIX socket is empty or too long");
    }
    path.copy(static_cast<char*>(address.sun_path), path.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("bind " + std::string(path));
    }
    return fd;
}

int bind_tcp(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    if (colon == std::string_view::npos ||
        std::from_chars(text.data() + colon + 1, end, port).ptr != end ||
        inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &address.sin_addr) != 1) {
        throw std::invalid_argument("expected ADDRESS:PORT or unix:PATH");
    }
    address.sin_port = htons(port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) fail("socket");
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("bind " + std::string(text));
    }
    return fd;
}

}  // namespace

int listen_on(std::string_view address) {
    const bool local = address.starts_with(unix_scheme);
    const int fd = local ? bind_unix(address.substr(unix_scheme.size())) : bind_tcp(address);
    if (listen(fd, backlog) != 0) fail("listen");
    return fd;
}

void announce(int fd) {
    union {
        sockaddr any;
        sockaddr_in tcp;
        sockaddr_un local;
    } address{};
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0) fail("getsockname");
    std::cout << "listening on ";
    if (address.any.sa_family == AF_UNIX) {
        std::cout << unix_scheme << static_cast<const char*>(address.local.sun_path);
    } else {
        std::string text(INET_ADDRSTRLEN, '\0');
        inet_ntop(AF_INET, &address.tcp.sin_addr, text.data(), INET_ADDRSTRLEN);
        std::cout << text.c_str() << ':' << ntohs(address.tcp.sin_port);
    }
    std::cout << std::endl;
}

}  // namespace jsocket::bench
