// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace jsocket {

/// A duration that never ends, for any time-out.
inline constexpr std::chrono::milliseconds no_timeout = std::chrono::milliseconds::max();

/// The moment by which something must be done. On the monotonic clock, so that setting the
/// machine's time changes nothing.
using Deadline = std::chrono::steady_clock::time_point;

/// To wait as long as it takes.
inline constexpr Deadline no_deadline = Deadline::max();

/// A deadline that has always passed: to try without waiting.
inline constexpr Deadline immediately = Deadline::min();

/// `timeout` from now; no_deadline for no_timeout and for anything too far away to count.
Deadline deadline_after(std::chrono::milliseconds timeout);

/// Milliseconds until `deadline` as poll(2) takes them: rounded up, 0 if it has passed, -1 for
/// no_deadline.
int poll_timeout(Deadline deadline);

}  // namespace jsocket
