// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/protocol.hpp"
#include "load/socket.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace jsocket::bench {

/// What connections are made of.
struct Target {
    std::string address;
    std::string protocol;
    std::string payload;
};

/// The replies of one connection, found in what was received.
class ReplyBuffer {
  public:
    /// `least` is the size that no reply stays below: before so much is there, nobody looks.
    explicit ReplyBuffer(std::size_t least) : least_(least) {}

    /// Where to receive into. Keeps what is there of an unfinished reply.
    std::span<char> room();

    /// `count` bytes of room() have been written to.
    void filled(std::size_t count) { end_ += count; }

    /// The next whole reply, which stays until room() is called; empty if there is none.
    std::string_view next(const Protocol& protocol);

    /// Whether there is not even a part of a reply.
    bool empty() const { return begin_ == end_; }

  private:
    std::size_t least_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t size_ = 0;
    std::unique_ptr<char[]> bytes_;
};

/// A client that has greeted the server and seen its first reply, which was right.
class Connection {
  public:
    explicit Connection(const Target& target);

    int fd() const { return socket_.get(); }
    std::string_view request() const { return request_; }

    /// One message there and back. Waits.
    void round_trip();

    /// Takes what is there, or waits for something if `flags` lack MSG_DONTWAIT. Returns how many
    /// replies came.
    std::size_t take_replies(int flags = 0);

  private:
    void check_first_reply(std::string_view payload);

    Descriptor socket_;
    std::unique_ptr<Protocol> protocol_;
    std::string request_;
    ReplyBuffer replies_;
};

}  // namespace jsocket::bench
