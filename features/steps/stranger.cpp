// SPDX-License-Identifier: Apache-2.0
#include "stranger.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

Descriptor tcp_socket() { return Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

bool readable(int descriptor, std::chrono::milliseconds limit) {
    pollfd waiting{descriptor, POLLIN, 0};
    return ::poll(&waiting, 1, int(limit.count())) > 0;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) {
        ::close(number_);
    }
}

int Descriptor::release() noexcept { return std::exchange(number_, -1); }

void Stranger::connect(std::uint16_t port) {
    socket_ = tcp_socket();
    const sockaddr_in address = loopback(port);
    const int result =
        ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    expect(result == 0, "Mallory cannot connect to port " + std::to_string(port));
    // What she sends in pieces leaves in pieces.
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::uint16_t Stranger::listen() {
    listener_ = tcp_socket();
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    expect(::bind(listener_.get(), generic, size) == 0 && ::listen(listener_.get(), 1) == 0 &&
               ::getsockname(listener_.get(), generic, &size) == 0,
           "Mallory cannot listen");
    return ntohs(address.sin_port);
}

void Stranger::accept() {
    expect(readable(listener_.get(), patience), "nobody connects to Mallory");
    socket_ = Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    expect(bool(socket_), "Mallory cannot accept a connection");
}

void Stranger::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return;
        }
        bytes.remove_prefix(std::size_t(std::max<ssize_t>(sent, 0)));
    }
}

Stranger::Received Stranger::receive(std::string& bytes, std::chrono::milliseconds limit,
                                     std::size_t at_most) {
    if (!readable(socket_.get(), limit)) {
        return Received::nothing;
    }
    std::array<char, 4096> space;
    const ssize_t count =
        ::recv(socket_.get(), space.data(), std::min(at_most, space.size()), MSG_DONTWAIT);
    if (count <= 0) {
        return Received::end;
    }
    bytes.append(space.data(), std::size_t(count));
    return Received::bytes;
}

std::string Stranger::read_lines(std::size_t lines) {
    std::string bytes;
    while (std::size_t(std::count(bytes.begin(), bytes.end(), '\n')) < lines) {
        expect(receive(bytes, patience, 1) == Received::bytes,
               "Mallory was sent only this: " + bytes);
    }
    return bytes;
}

std::string Stranger::read_exactly(std::size_t count) {
    std::string bytes;
    while (bytes.size() < count) {
        expect(receive(bytes, patience, count - bytes.size()) == Received::bytes,
               "Mallory was sent only " + std::to_string(bytes.size()) + " bytes");
    }
    return bytes;
}

std::string Stranger::read_to_end(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    std::string bytes;
    for (;;) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        switch (receive(bytes, std::max(left, std::chrono::milliseconds(0)), bytes.max_size())) {
            case Received::bytes:
                break;
            case Received::end:
                return bytes;
            case Received::nothing:
                throw StepFailed(
                    "Mallory is still connected after " + std::to_string(limit.count()) + " ms",
                    Location::current());
        }
    }
}

void Stranger::send_slowly(std::string_view bytes, std::chrono::milliseconds pause) {
    std::string answer;
    for (const char byte : bytes) {
        send({&byte, 1});
        if (receive(answer, pause, 1) == Received::end) {
            return;
        }
    }
    expect(false, "Mallory could send all of her message");
}
