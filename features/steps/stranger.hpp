// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "expect.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// A file descriptor that is closed with the object.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) noexcept : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();

    int get() const noexcept { return number_; }
    explicit operator bool() const noexcept { return number_ >= 0; }
    int release() noexcept;

  private:
    int number_;
};

/// Mallory: one end of a connection that sends and sees bytes, without the library.
///
/// She connects to a server, or listens and is connected to. Errors: StepFailed.
class Stranger {
  public:
    void connect(std::uint16_t port);

    /// Listens on a free port of the loopback address, and returns it.
    std::uint16_t listen();
    void accept();

    bool connected() const noexcept { return bool(socket_); }

    /// Sends it all, or as much as the other side takes before it closes the connection.
    void send(std::string_view bytes);

    /// Reads until there are `lines` lines.
    std::string read_lines(std::size_t lines);
    std::string read_exactly(std::size_t count);

    /// Reads until the other side closes the connection; what it read.
    std::string read_to_end(std::chrono::milliseconds limit = patience);

    /// Sends `bytes` one by one, with a pause after each, until the other side closes the
    /// connection. Throws StepFailed if all have been sent before.
    void send_slowly(std::string_view bytes, std::chrono::milliseconds pause);

    void close() noexcept { socket_ = Descriptor(); }

  private:
    enum class Received { bytes, end, nothing };
    Received receive(std::string& bytes, std::chrono::milliseconds limit, std::size_t at_most);

    Descriptor listener_;
    Descriptor socket_;
};
