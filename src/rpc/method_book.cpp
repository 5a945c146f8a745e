// SPDX-License-Identifier: Apache-2.0
#include "rpc/method_book.hpp"

#include <new>

namespace jsocket::rpc {

void MethodCounts::end(std::chrono::nanoseconds duration, bool failed) noexcept {
    if (failed) errors_.fetch_add(1, std::memory_order_relaxed);
    if (Histogram* const latency = histogram()) latency->record(duration);
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
}

/// Null if there is no memory: then the call is not counted.
Histogram* MethodCounts::histogram() noexcept {
    Histogram* latency = latency_.load(std::memory_order_acquire);
    if (latency) return latency;
    auto* const fresh = new (std::nothrow) Histogram;
    if (latency_.compare_exchange_strong(latency, fresh)) return fresh;
    delete fresh;
    return latency;
}

MethodStats MethodCounts::stats() const {
    MethodStats stats;
    if (const Histogram* const latency = latency_.load()) stats.latency = latency->snapshot();
    stats.calls = stats.latency.count;
    stats.errors = errors_.load(std::memory_order_relaxed);
    stats.in_flight = in_flight_.load(std::memory_order_relaxed);
    return stats;
}

std::shared_ptr<MethodCounts> MethodBook::counts(const std::string& method) {
    const Lock lock(mutex_);
    auto& counts = methods_[method];
    if (!counts) counts = std::make_shared<MethodCounts>();
    return counts;
}

MethodStatsMap MethodBook::stats() const {
    MethodStatsMap stats;
    const Lock lock(mutex_);
    for (const auto& [name, counts] : methods_) stats.emplace(name, counts->stats());
    return stats;
}

}  // namespace jsocket::rpc
