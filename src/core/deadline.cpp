// SPDX-License-Identifier: Apache-2.0
#include <jsocket/deadline.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace jsocket {

Deadline deadline_after(std::chrono::milliseconds timeout) {
    if (timeout == no_timeout) return no_deadline;
    const Deadline now = std::chrono::steady_clock::now();
    if (timeout <= std::chrono::milliseconds::zero()) return now;
    const auto room = std::chrono::floor<std::chrono::milliseconds>(no_deadline - now);
    return timeout < room ? now + timeout : no_deadline;
}

int poll_timeout(Deadline deadline) {
    if (deadline == no_deadline) return -1;
    const Deadline now = std::chrono::steady_clock::now();
    if (deadline <= now) return 0;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now);
    // A wait cut short by the limit of int is taken up again by whoever polls.
    constexpr std::int64_t most = std::numeric_limits<int>::max();
    return static_cast<int>(std::min<std::int64_t>(left.count(), most));
}

}  // namespace jsocket
