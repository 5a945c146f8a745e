// SPDX-License-Identifier: Apache-2.0
#include "support/heap.hpp"

#include <atomic>
#include <malloc.h>

namespace jsocket {
namespace {

constexpr std::size_t worth_trimming = 1024 * 1024;

std::atomic<std::size_t> freed{0};  // since the latest trim

}  // namespace

void count_freed(std::size_t bytes) noexcept { freed.fetch_add(bytes, std::memory_order_relaxed); }

bool trim_heap() noexcept {
    if (freed.load(std::memory_order_relaxed) < worth_trimming) return true;
#if defined(__GLIBC__)
    // Somebody may set the system clock back. Then no trim would be due for hours.
    using Clock = std::chrono::steady_clock;
    static std::atomic<Clock::time_point> latest{Clock::time_point::min()};
    const Clock::time_point now = Clock::now();
    Clock::time_point before = latest.load(std::memory_order_relaxed);
    if (now <= before + trim_pause || !latest.compare_exchange_strong(before, now)) return false;
    freed.store(0, std::memory_order_relaxed);
    ::malloc_trim(0);
#endif
    return true;
}

}  // namespace jsocket
