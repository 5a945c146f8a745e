// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testing/fault_line.hpp"
#include "testing/message_finder.hpp"

#include <jsocket/socket/interrupt.hpp>
#include <jsocket/socket/stream.hpp>
#include <jsocket/testing/fault_proxy.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace jsocket::testing {

/// One connection through a proxy: two sockets, and a line of bytes in each direction.
class ProxyConnection {
  public:
    /// Gets kind, direction, framing and bytes.
    using Observe = std::function<void(const ProxyEvent&)>;

    /// Both streams are sockets.
    ProxyConnection(const FaultProxyOptions& options, std::unique_ptr<Stream> client,
                    std::unique_ptr<Stream> server, Observe observe);

    /// Passes bytes on until both sides have finished, or a fault or `stop` ends it. Throws
    /// ConnectionError if the system cannot even wait.
    void run(const Interrupt& stop);

  private:
    struct Lane {
        Direction direction;
        int from;
        int to;
        FaultLine line;
        std::optional<MessageFinder> finder{};  // if somebody wants to know
        bool reading = true;                    // the sender may have more
        bool blocked = false;                   // the receiver takes no more for now
        bool broken = false;                    // by the network: to end with a reset
        bool done = false;
        Deadline until = no_deadline;  // when there may be something to write
    };

    void pass(const Interrupt& stop);
    Lane make_lane(const FaultProxyOptions& options, Direction direction, int from, int to) const;
    void read(Lane& lane);
    void take(Lane& lane, std::string_view bytes, Deadline now);
    void end_reading(Lane& lane);
    void see_rest(Lane& lane) const;
    void write(Lane& lane);
    void write_some(Lane& lane, std::string_view bytes);
    void wait(const Interrupt& stop) const;
    void see(const Lane& lane, ProxyEvent::Kind kind, std::string_view bytes) const;
    void drain(const Interrupt& stop) const;
    void make_reset() const;

    const Observe observe_;
    const std::unique_ptr<Stream> client_;
    const std::unique_ptr<Stream> server_;
    Lane up_;
    Lane down_;
    bool cut_ = false;
    bool reset_ = false;
};

}  // namespace jsocket::testing
