// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/pacer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace jsocket::cli {

/// Calls that wait for their replies, which come in any order. The first that is added has number
/// 0, each further one the next number.
///
/// Adding a call and taking it costs the same however many there are, and how much memory is held
/// depends on how many wait at a time, even if one of them does so for very long.
class CallsInFlight {
  public:
    struct Call {
        LoadClock::time_point start;  ///< from when on its latency counts
        LoadClock::time_point sent;   ///< later, if it could not be sent when it was due
    };

    void add(const Call& call);

    /// Removes a call; empty if no call of that number waits.
    std::optional<Call> take(std::uint64_t number);

    /// The one that was added first. Requires that there is one.
    const Call& oldest() const;

    bool empty() const { return recent_.empty() && overtaken_.empty(); }

    /// The number of the call that is added next.
    std::uint64_t end() const { return first_ + recent_.size(); }

  private:
    void tidy();

    std::uint64_t first_ = 0;                  // of recent_
    std::deque<std::optional<Call>> recent_;   // empty ones were taken; the first one was not
    std::size_t waiting_ = 0;                  // in recent_
    std::map<std::uint64_t, Call> overtaken_;  // older than recent_
};

}  // namespace jsocket::cli
