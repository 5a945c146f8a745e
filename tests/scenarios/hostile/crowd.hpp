// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scenarios/hostile/traffic.hpp"
#include "support/raw_peer.hpp"

#include <jsocket/options.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace test_support {

/// How somebody reads replies.
enum class Reading {
    at_once,
    slowly,  ///< some KiB now and then
    never,
};

/// Many clients of one server, which all send at the same time, from one thread. Who has been cut
/// connects again, and goes on with its next frame.
///
///     Crowd crowd(server.port(), 20, Reading::never);
///     for (std::size_t i = 0; i < crowd.size(); ++i) crowd.say(i, prefix_frame("[1]"));
///     EXPECT_TRUE(wait_until([&] { return crowd.go_on() == 0; }));
class Crowd {
  public:
    Crowd(std::uint16_t port, std::size_t size, Reading reading);

    std::size_t size() const { return members_.size(); }

    /// Member `i` sends this, after all else that it has still to send.
    void say(std::size_t i, std::string frame) { members_[i].frames.push_back(std::move(frame)); }

    /// Sends and reads what is possible at once, some KiB each. Returns how many members have not
    /// sent all; 0 once the crowd has nothing more to say.
    std::size_t go_on();

    /// Has each that is connected send one byte more, of a frame that does not end.
    void trickle();

    /// How many are connected, as far as they know; and how often one was cut.
    std::size_t connected() const;
    std::size_t cuts() const { return cuts_; }

    /// Does each that reads at once have this among what it has read since it connected?
    bool all_have_read(std::string_view text) const;

  private:
    struct Member {
        std::optional<RawPeer> peer;
        std::vector<std::string> frames;
        std::size_t frame = 0;  // that it sends
        std::size_t sent = 0;   // of that one
        std::string read;
    };

    void connect(Member& member) const;
    void cut(Member& member);
    void send(Member& member);
    void receive(Member& member);

    const std::uint16_t port_;
    const Reading reading_;
    std::vector<Member> members_;
    std::size_t cuts_ = 0;
};

}  // namespace test_support
