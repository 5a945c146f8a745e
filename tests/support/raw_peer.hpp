// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/address.hpp"
#include "support/wait.hpp"
#include "support/wire.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>

namespace test_support {

/// The other end of a connection, in a test: plain socket calls and exact bytes. Everything it
/// waits for has a deadline; a failure of the system, or the deadline, is a std::exception, which
/// fails the test.
///
///     RawPeer client = RawPeer::connect(server.port());
///     client.send(prefix_frame("[1]"));
///     EXPECT_EQ(client.receive(7), prefix_frame("[1]"));
class RawPeer {
  public:
    explicit RawPeer(FileDescriptor socket) : socket_(std::move(socket)) {}

    static RawPeer connect(std::uint16_t port) { return connect(Address::ipv4(port)); }
    static RawPeer connect(const std::string& unix_path) {
        return connect(Address::unix_path(unix_path));
    }
    /// `receive_buffer`: a small one lets the other side's writes block early.
    static RawPeer connect(const Address& address, int receive_buffer = 0) {
        FileDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (socket.get() < 0) throw_errno("socket");
        if (receive_buffer > 0) {
            setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                       sizeof(receive_buffer));
        }
        if (::connect(socket.get(), address.data(), address.size) != 0) throw_errno("connect");
        if (connected_to_itself(socket.get())) {
            errno = ECONNREFUSED;
            throw_errno("connect");
        }
        const int on = 1;  // so that pieces leave as the test writes them; fails on UNIX sockets
        setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return RawPeer(std::move(socket));
    }

    /// Writes all bytes.
    void send(std::string_view bytes) {
        const Clock::time_point deadline = Clock::now() + patience;
        while (!bytes.empty()) {
            wait_for(POLLOUT, deadline, "send");
            const ssize_t sent =
                ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
            if (sent < 0 && errno != EAGAIN && errno != EINTR) throw_errno("send");
        }
    }

    /// The next `size` bytes; fewer if the stream ends before.
    std::string receive(std::size_t size) {
        const Clock::time_point deadline = Clock::now() + patience;
        std::string received;
        char space[65536];
        while (received.size() < size) {
            wait_for(POLLIN, deadline, "receive");
            const ssize_t got =
                ::recv(fd(), space, std::min(sizeof(space), size - received.size()), MSG_DONTWAIT);
            if (got == 0) break;
            if (got < 0 && errno != EAGAIN && errno != EINTR) throw_errno("receive");
            if (got > 0) received.append(space, static_cast<std::size_t>(got));
        }
        return received;
    }

    /// One message with a 4-byte length; its payload. Throws at the end of the stream.
    std::string receive_prefix_frame() {
        const std::string header = receive_exactly(4);
        return receive_exactly(length_at(header, 0));
    }

    /// One message with a `JSN1` header; its payload. Throws if magic or checksum are wrong.
    std::string receive_crc_frame() {
        const std::string header = receive_exactly(12);
        const std::string payload = receive_exactly(length_at(header, 4));
        if (header != crc_frame(payload).substr(0, 12)) {
            throw std::runtime_error("raw peer: wrong header of a crc frame");
        }
        return payload;
    }

    /// One line, without its end. Throws at the end of the stream.
    std::string receive_line() {
        std::string line;
        for (std::string byte; (byte = receive_exactly(1)) != "\n";) line += byte;
        return line;
    }

    /// Everything up to the end of the stream.
    std::string receive_until_end() { return receive(SIZE_MAX); }

    /// Waits for the other side to be gone and says whether it is: the end of the stream, or a
    /// reset, with nothing to read before it.
    bool closed_by_peer(std::chrono::milliseconds timeout = patience) {
        try {
            wait_for(POLLIN, Clock::now() + timeout, "end of stream");
        } catch (const std::runtime_error&) {
            return false;
        }
        char byte;
        return ::recv(fd(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0;
    }

    /// Is there something to read (or the end of the stream) within `timeout`?
    bool readable(std::chrono::milliseconds timeout) {
        pollfd entry{fd(), POLLIN, 0};
        return ::poll(&entry, 1, static_cast<int>(timeout.count())) > 0;
    }

    void finish_writing() { ::shutdown(fd(), SHUT_WR); }
    void close() { socket_.close(); }

    /// Closes with a reset, as a crashed machine or a hurried program does. TCP only.
    void reset() {
        const linger hurry{1, 0};
        setsockopt(fd(), SOL_SOCKET, SO_LINGER, &hurry, sizeof(hurry));
        socket_.close();
    }

    int fd() const { return socket_.get(); }

    /// This end's port.
    std::uint16_t port() const { return Address::of_socket(fd()).port(); }

  private:
    using Clock = std::chrono::steady_clock;

    /// What TCP does if nobody listens on a port of this machine any more, and the system has given
    /// the client just that port.
    static bool connected_to_itself(int fd) {
        const Address own = Address::of_socket(fd);
        if (own.family() == AF_UNIX) return false;
        Address peer;
        if (getpeername(fd, peer.data(), &peer.size) != 0) return false;  // it has gone already
        return own.size == peer.size && std::memcmp(own.data(), peer.data(), own.size) == 0;
    }

    void wait_for(short events, Clock::time_point deadline, const char* what) const {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd entry{fd(), events, 0};
        const int ready =
            ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno != EINTR) throw_errno("poll");
        if (ready == 0) throw std::runtime_error(std::string("raw peer: time-out: ") + what);
    }

    std::string receive_exactly(std::size_t size) {
        std::string bytes = receive(size);
        if (bytes.size() < size) throw std::runtime_error("raw peer: the stream ended");
        return bytes;
    }

    static std::uint32_t length_at(const std::string& header, std::size_t at) {
        std::uint32_t length = 0;
        for (std::size_t i = at; i < at + 4; ++i) {
            length = length << 8 | static_cast<unsigned char>(header[i]);
        }
        return length;
    }

    FileDescriptor socket_;
};

/// A listening socket made by hand.
///
///     RawListener listener;               // 127.0.0.1, a free port
///     ... connects to listener.port() ...
///     RawPeer server = listener.accept();
class RawListener {
  public:
    explicit RawListener(const Address& address = Address::ipv4(0), int backlog = 16,
                         int receive_buffer = 0)
        : socket_(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const int on = 1;
        setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (receive_buffer > 0) {  // accepted sockets inherit it
            setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
        }
        if (::bind(fd(), address.data(), address.size) != 0) throw_errno("bind");
        if (::listen(fd(), backlog) != 0) throw_errno("listen");
    }

    RawPeer accept(std::chrono::milliseconds timeout = patience) {
        pollfd entry{fd(), POLLIN, 0};
        if (::poll(&entry, 1, static_cast<int>(timeout.count())) != 1) {
            throw std::runtime_error("raw peer: nobody connected");
        }
        FileDescriptor accepted(::accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC));
        if (accepted.get() < 0) throw_errno("accept");
        const int on = 1;
        setsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return RawPeer(std::move(accepted));
    }

    std::uint16_t port() const { return Address::of_socket(fd()).port(); }
    int fd() const { return socket_.get(); }
    void close() { socket_.close(); }

  private:
    FileDescriptor socket_;
};

}  // namespace test_support
