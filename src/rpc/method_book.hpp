// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/log.hpp"
#include "support/mutex.hpp"

#include <jsocket/histogram.hpp>
#include <jsocket/rpc/method_stats.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace jsocket::rpc {

/// Counts the calls of one method, and limits what is logged of them.
///
/// Threads: all members may be called from any thread.
class MethodCounts {
  public:
    MethodCounts() = default;
    ~MethodCounts() { delete latency_.load(); }
    MethodCounts(const MethodCounts&) = delete;
    MethodCounts& operator=(const MethodCounts&) = delete;

    void begin() noexcept { in_flight_.fetch_add(1, std::memory_order_relaxed); }
    void end(std::chrono::nanoseconds duration, bool failed) noexcept;

    MethodStats stats() const;

    /// For lines about calls that fail: one method's are not to hide another's.
    log::Throttle& failures() noexcept { return failures_; }

  private:
    Histogram* histogram() noexcept;

    std::atomic<std::uint64_t> errors_{0};
    std::atomic<std::uint64_t> in_flight_{0};
    std::atomic<Histogram*> latency_{nullptr};  // 10 KiB, for methods that are called
    log::Throttle failures_;
};

/// The counts of all methods of a dispatcher and its copies.
///
/// Threads: all members may be called from any thread.
class MethodBook {
  public:
    std::shared_ptr<MethodCounts> counts(const std::string& method);
    MethodStatsMap stats() const;

  private:
    mutable Mutex mutex_;
    std::map<std::string, std::shared_ptr<MethodCounts>> methods_ JSOCKET_GUARDED_BY(mutex_);
};

}  // namespace jsocket::rpc
