// SPDX-License-Identifier: Apache-2.0
#include "load/measure.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace jsocket::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t fewest_messages = 3;
constexpr std::size_t usual_message_count = 1 << 20;

double microseconds(std::chrono::duration<double, std::micro> time) { return time.count(); }

void warm_up(const Plan& plan, const std::function<std::size_t()>& step) {
    const auto end = Clock::now() + plan.time / 4;
    while (Clock::now() < end) step();
}

}  // namespace

Result measure(const Plan& plan, const std::function<std::size_t()>& step) {
    Result result;
    // One clock reading a step: the end of a message is the beginning of the next.
    if (plan.keep_durations) result.durations.reserve(usual_message_count);
    warm_up(plan, step);
    const std::chrono::nanoseconds server_cpu = plan.servers.cpu_time();
    const std::chrono::nanoseconds own_cpu = own_cpu_time();
    const Clock::time_point begin = Clock::now();
    Clock::time_point now = begin;
    while (now - begin < plan.time || result.messages < fewest_messages) {
        const Clock::time_point before = now;
        result.messages += step();
        now = Clock::now();
        if (plan.keep_durations) result.durations.push_back(now - before);
    }
    result.time = now - begin;
    result.load_cpu = own_cpu_time() - own_cpu;
    if (!plan.servers.empty()) result.server_cpu = plan.servers.cpu_time() - server_cpu;
    return result;
}

std::chrono::nanoseconds percentile(std::vector<std::chrono::nanoseconds> durations, double part) {
    const auto last = static_cast<double>(durations.size() - 1);
    const auto place = durations.begin() + static_cast<std::ptrdiff_t>(part * last);
    std::nth_element(durations.begin(), place, durations.end());
    return *place;
}

std::string Result::to_json() const {
    const auto count = static_cast<double>(messages);
    nlohmann::json line = {{"messages", messages},
                           {"per_second", count / time.count()},
                           {"seconds", time.count()},
                           {"load_cpu_share", load_cpu / time}};
    if (server_cpu) line["server_cpu_us_per_message"] = microseconds(*server_cpu) / count;
    if (!durations.empty()) {
        line["p50_us"] = microseconds(percentile(durations, 0.50));
        line["p99_us"] = microseconds(percentile(durations, 0.99));
    }
    if (kib_per_connection) line["rss_kib_per_connection"] = *kib_per_connection;
    return line.dump();
}

}  // namespace jsocket::bench
