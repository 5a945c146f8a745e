// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/raw_peer.hpp"

#include <jsocket/json.hpp>

#include <atomic>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <thread>
#include <vector>

namespace test_support {

/// What one subscriber has received.
struct History {
    std::size_t received = 0;
    bool in_order = true;  ///< and without a gap, from the first message on, each as it was sent
    bool ended = false;    ///< the server has closed the connection

    bool complete(std::size_t messages) const { return in_order && !ended && received == messages; }
};
std::ostream& operator<<(std::ostream& out, const History& history);

/// Connections that only receive: numbered messages, in frames with a 4-byte length. They are read
/// by a thread of theirs from start() to stop(), or when read_what_is_there() is called.
class Subscribers {
  public:
    /// `size`: of the messages, about.
    explicit Subscribers(std::size_t size);
    ~Subscribers();

    void add(RawPeer peer);
    void start();
    void read_what_is_there();

    /// How many messages each of them has received at least.
    std::size_t fewest() const { return fewest_; }

    /// Ends the thread, but not the connections.
    std::vector<History> stop();

    jsocket::json message(std::size_t number) const;

  private:
    struct Subscriber {
        RawPeer peer;
        std::string buffer;
        History history;
    };

    void read(Subscriber& subscriber);
    void take_messages(Subscriber& subscriber);
    bool read_those_ready(int timeout);

    const std::string text_;
    const std::size_t smallest_frame_;
    std::vector<Subscriber> subscribers_;
    FileDescriptor epoll_;
    std::vector<std::size_t> with_;  // how many have received so many messages
    std::atomic<std::size_t> fewest_{0};
    std::atomic<bool> stopped_{false};
    std::thread thread_;
};

}  // namespace test_support
