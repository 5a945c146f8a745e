// SPDX-License-Identifier: Apache-2.0
#include "rpc/stats_entry.hpp"

#include "core/discard.hpp"
#include "core/histogram_json.hpp"

#include <algorithm>
#include <vector>

namespace jsocket::rpc {
namespace {

constexpr std::size_t affordable_buckets = 20'000;

// Of a bucket: an array and its two numbers, and their text, which is seldom longer.
constexpr std::size_t bucket_elements = 3;
constexpr std::size_t bucket_text = 20;

}  // namespace

json stats_entry(const MethodStatsMap& stats, std::size_t most) {
    Tree entry{json::object()};
    for (const auto& [name, method] : stats) entry.value[name] = method;
    std::vector<const MethodStatsMap::value_type*> busiest;
    for (const auto& method : stats) busiest.push_back(&method);
    std::stable_sort(busiest.begin(), busiest.end(), [](const auto* left, const auto* right) {
        return left->second.calls > right->second.calls;
    });
    for (const auto* method : busiest) {
        const HistogramSnapshot& latency = method->second.latency;
        if (latency.buckets.size() > most) break;
        most -= latency.buckets.size();
        json& place = entry.value[method->first]["latency"];
        discard(place);
        place = with_buckets(latency);
    }
    return std::move(entry.value);
}

std::size_t most_buckets(const Limits& limits) {
    return std::min({affordable_buckets, limits.max_elements / 2 / bucket_elements,
                     limits.max_message_size / 2 / bucket_text});
}

}  // namespace jsocket::rpc
