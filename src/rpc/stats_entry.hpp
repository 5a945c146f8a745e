// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/limits.hpp>
#include <jsocket/rpc/method_stats.hpp>

#include <cstddef>

namespace jsocket::rpc {

/// What an answer to rpc.stats says of methods: statistics as JSON, and the buckets of latencies
/// as long as they are at most `most`, those of the methods with the most calls first.
json stats_entry(const MethodStatsMap& stats, std::size_t most);

/// How many buckets leave the other half of a message to everything else, and cost no more than
/// some milliseconds.
std::size_t most_buckets(const Limits& limits);

}  // namespace jsocket::rpc
