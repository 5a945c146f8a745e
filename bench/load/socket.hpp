// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace jsocket::bench {

/// A file descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor();

    int get() const { return fd_; }

  private:
    int fd_;
};

/// A blocking socket with TCP_NODELAY, connected to 127.0.0.1:PORT or unix:PATH. It never waits
/// longer than some seconds for anything: a server that hangs is an error, not a hang.
Descriptor connect_to(const std::string& address);

/// Throws std::runtime_error, as everything below, if the server left or nothing moves.
void send_all(int fd, std::string_view bytes);

/// At least one byte into `room`; returns how many. 0 only with MSG_DONTWAIT among `flags`, if
/// there is nothing.
std::size_t receive(int fd, std::span<char> room, int flags = 0);

/// Exactly `count` bytes.
std::string receive_exactly(int fd, std::size_t count);

/// What comes until `end`, with it; reads nothing behind it. For greetings, byte by byte.
std::string receive_until(int fd, std::string_view end);

/// What went wrong, with the text of errno.
[[noreturn]] void fail(const std::string& what);

}  // namespace jsocket::bench
