// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/histogram.hpp>
#include <jsocket/json.hpp>
#include <jsocket/server/stats.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace jsocket {

/// Answers requests for statistics, `rpc.stats`, in place of a server's hooks: docs/top.md has the
/// protocol.
///
/// Threads: every member may be called from any thread.
class StatsService {
  public:
    StatsService(std::string endpoint, std::function<ServerStats()> stats, const Limits& limits);

    /// Is it worth making a tree of? Costs little for any message.
    static bool may_be_request(std::string_view payload);

    /// Is it a call of rpc.stats, with an id?
    static bool is_request(const json& message);

    /// Makes `reply` the answer; with an error in it if the parameters are wrong, and with fewer
    /// clients than asked for if they would be beyond the limits. `add` gets the result and may add
    /// to it; what it throws is passed on. Throws UsageError if nothing can be said within the
    /// limits.
    void answer(const json& request, const std::function<void(json&)>& add,
                std::string& reply) const;

    /// Counts how long a message took.
    void record(std::chrono::nanoseconds duration) noexcept { latency_.record(duration); }

  private:
    json result(const ServerStats& stats) const;

    const std::string endpoint_;
    const std::function<ServerStats()> stats_;
    const Limits limits_;
    const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    Histogram latency_;
};

}  // namespace jsocket
