// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"

#include <jsocket/histogram.hpp>
#include <jsocket/json.hpp>
#include <jsocket/server/stats.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace jsocket {

/// Answers requests for statistics, `rpc.stats`, in place of a server's hooks: docs/top.md has the
/// protocol. With many clients, the answers of 100 ms are made of one look at the statistics.
///
/// Threads: every member may be called from any thread.
class StatsService {
  public:
    StatsService(std::string endpoint, std::function<ServerStats()> stats, const Limits& limits);
    ~StatsService();

    /// Is it worth making a tree of? Costs little for any message.
    static bool may_be_request(std::string_view payload);

    /// Is it a call of rpc.stats, with an id?
    static bool is_request(const json& message);

    /// Makes `reply` the answer; with an error in it if the parameters are wrong, and with fewer
    /// clients than asked for if they would be beyond the limits. `add` gets the result and may add
    /// to it; what it throws is passed on. Throws UsageError if nothing can be said within the
    /// limits.
    void answer(const json& request, const std::function<void(json&)>& add, std::string& reply);

    /// Counts how long a message took.
    void record(std::chrono::nanoseconds duration) noexcept { latency_.record(duration); }

  private:
    using Clock = std::chrono::steady_clock;
    struct Snapshot;

    std::shared_ptr<const Snapshot> current(std::size_t order);
    json result(const Snapshot& snapshot) const;

    const std::string endpoint_;
    const std::function<ServerStats()> stats_;
    const Limits limits_;
    const Clock::time_point start_ = Clock::now();
    Histogram latency_;

    Mutex mutex_;  // held while a snapshot is made, so that those who wait get the same one
    std::shared_ptr<Snapshot> latest_ JSOCKET_GUARDED_BY(mutex_);
};

}  // namespace jsocket
