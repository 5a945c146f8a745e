// SPDX-License-Identifier: Apache-2.0
#include "support/heap.hpp"

#include <atomic>
#include <malloc.h>

namespace jsocket {

bool trim_heap(std::chrono::steady_clock::time_point freed) noexcept {
#if defined(__GLIBC__)
    using Clock = std::chrono::steady_clock;  // the other one may be set, and none be due for hours
    static std::atomic<Clock::time_point> latest{Clock::time_point::min()};
    const Clock::time_point now = Clock::now();
    Clock::time_point before = latest.load(std::memory_order_relaxed);
    if (before >= freed) return true;
    if (now <= before + trim_pause) return false;
    if (!latest.compare_exchange_strong(before, now)) return before >= freed;
    ::malloc_trim(0);
#else
    static_cast<void>(freed);
#endif
    return true;
}

}  // namespace jsocket
