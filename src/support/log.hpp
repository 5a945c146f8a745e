// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

/// Messages for whoever has registered a spdlog logger named `jsocket`; nobody else sees any.
/// None on the path of a message. What comes from a peer has gone through printable().
///
/// A sink that blocks holds up the connection that logs. Who logs to where that may happen makes
/// the logger an asynchronous one with an overrun policy.
namespace jsocket::log {

/// Lets one line a second through, of a kind that a peer can bring about as often as it likes.
/// Each kind has a throttle of its own: lines of one kind hide no others. How many kinds there are
/// is never for a peer to decide.
///
/// Threads: all members may be called from any thread.
class Throttle {
  public:
    /// Is it this line's turn? How many others were not, since the latest that was, if so.
    std::optional<std::uint64_t> pass() noexcept;

  private:
    std::atomic<std::int64_t> next_{0};  // nanoseconds of the monotonic clock
    std::atomic<std::uint64_t> left_out_{0};
};

/// Called by what logs when it is made: the place where loggers are registered then lives longer,
/// also if both last until the end of the process.
void prepare() noexcept;

void info(const std::string& text) noexcept;
void warn(const std::string& text) noexcept;
void info(Throttle& throttle, const std::string& text) noexcept;
void warn(Throttle& throttle, const std::string& text) noexcept;

}  // namespace jsocket::log
