// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/histogram.hpp>
#include <jsocket/json.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace jsocket::rpc {

/// What has become of the calls of one method, notifications included.
struct MethodStats {
    std::uint64_t calls = 0;      ///< that have ended
    std::uint64_t errors = 0;     ///< of them, those that have failed
    std::uint64_t in_flight = 0;  ///< that run now
    HistogramSnapshot latency;    ///< how long it took, middleware included
};

/// By name. What was called but is not bound is counted together, under the empty name; the methods
/// of `rpc.` that are there from the start are not counted.
using MethodStatsMap = std::map<std::string, MethodStats>;

/// {"calls", "errors", "in_flight", "latency"}, the latter as of a HistogramSnapshot, in seconds.
void to_json(json& out, const MethodStats& stats);

/// In the text format of Prometheus, version 0.0.4: counters jsocket_rpc_calls_total and
/// jsocket_rpc_errors_total, gauge jsocket_rpc_calls_in_flight, histogram
/// jsocket_rpc_call_duration_seconds, each with the label `method`.
std::string to_prometheus(const MethodStatsMap& stats);

}  // namespace jsocket::rpc
