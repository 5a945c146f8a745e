// SPDX-License-Identifier: Apache-2.0
#include "rpc/calls.hpp"
#include "rpc/stats_entry.hpp"

#include <jsocket/rpc/dispatcher.hpp>
#include <jsocket/rpc/method_stats.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace jsocket::rpc {
namespace {

using namespace std::chrono_literals;
using test::notification;
using test::outcome;

TEST(MethodStats, CountCallsErrorsAndNotifications) {
    Dispatcher methods;
    methods.bind("sum", [](int a, int b) { return a + b; });
    methods.bind("idle", [] {});
    outcome(methods, "sum", {1, 2});
    outcome(methods, "sum", {1, "x"});
    methods.answer(notification("sum", {1, 2}));
    methods.answer(notification("sum"));
    const MethodStatsMap stats = methods.method_stats();
    EXPECT_EQ(stats.at("sum").calls, 4U);
    EXPECT_EQ(stats.at("sum").errors, 2U);
    EXPECT_EQ(stats.at("sum").in_flight, 0U);
    EXPECT_EQ(stats.at("sum").latency.count, 4U);
    EXPECT_EQ(stats.at("idle").calls, 0U);
    EXPECT_EQ(stats.size(), 2U);
}

TEST(MethodStats, CountUnknownNamesTogetherSoThatTheyTakeNoMemory) {
    Dispatcher methods;
    EXPECT_TRUE(methods.method_stats().empty());
    for (int i = 0; i < 100; ++i) outcome(methods, "unknown" + std::to_string(i));
    const MethodStatsMap stats = methods.method_stats();
    EXPECT_EQ(stats.size(), 1U);
    EXPECT_EQ(stats.at("").calls, 100U);
    EXPECT_EQ(stats.at("").errors, 100U);
}

TEST(MethodStats, LeaveOutMethodsThatAreThereFromTheStart) {
    Dispatcher methods;
    outcome(methods, "rpc.health");
    outcome(methods, "rpc.discover");
    EXPECT_TRUE(methods.method_stats().empty());
}

TEST(MethodStats, KnowWhatRuns) {
    Dispatcher methods;
    std::uint64_t running = 0;
    methods.bind("f", [&] { running = methods.method_stats().at("f").in_flight; });
    outcome(methods, "f");
    EXPECT_EQ(running, 1U);
    EXPECT_EQ(methods.method_stats().at("f").in_flight, 0U);
}

TEST(MethodStats, CountTheTimeInMiddleware) {
    Dispatcher methods;
    std::chrono::nanoseconds waited{};
    methods.use([&waited](Call& call, json& params, const Next& next) {
        const auto begin = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - begin < 1ms) {
        }
        waited = std::chrono::steady_clock::now() - begin;
        return next(call, params);
    });
    methods.bind("f", [] {});
    outcome(methods, "f");
    EXPECT_GE(methods.method_stats().at("f").latency.sum, waited);
}

TEST(MethodStats, AreJson) {
    MethodStats stats{.calls = 2, .errors = 1, .in_flight = 3, .latency = {}};
    stats.latency = {.buckets = {{1ms, 2}}, .count = 2, .sum = 2ms, .longest = 1ms};
    const json object = stats;
    EXPECT_EQ(object.size(), 4U);
    EXPECT_EQ(object.at("calls"), 2);
    EXPECT_EQ(object.at("errors"), 1);
    EXPECT_EQ(object.at("in_flight"), 3);
    EXPECT_EQ(object.at("latency").at("mean"), 0.001);
}

/// The exposition format, a sample a line: name, labels as they are, value.
struct Sample {
    std::string name;
    std::string labels;
    double value;
};

/// Fails for a line that is neither a comment nor a sample of a family that has been announced.
std::vector<Sample> samples_of(const std::string& text) {
    static const std::regex help("# HELP ([a-z_]+) [^\\\\\n]+");
    static const std::regex type("# TYPE ([a-z_]+) (counter|gauge|histogram)");
    static const std::regex sample(
        R"re(([a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} ([-+.e0-9]+))re");
    std::vector<Sample> samples;
    std::map<std::string, std::string> types;
    EXPECT_TRUE(text.ends_with('\n'));
    std::istringstream lines(text);
    std::smatch match;
    for (std::string line; std::getline(lines, line);) {
        if (std::regex_match(line, match, help)) continue;
        if (std::regex_match(line, match, type)) {
            EXPECT_TRUE(types.emplace(match[1], match[2]).second) << line;
        } else if (std::regex_match(line, match, sample)) {
            const std::string name = match[1];
            const std::string family =
                std::regex_replace(name, std::regex("(_seconds)_(bucket|sum|count)$"), "$1");
            EXPECT_TRUE(types.contains(family)) << line;
            samples.push_back({name, match[2], std::stod(match[3])});
        } else {
            ADD_FAILURE() << "not of the format: " << line;
        }
    }
    return samples;
}

std::optional<double> value_of(const std::vector<Sample>& samples, const std::string& name,
                               const std::string& labels) {
    for (const Sample& sample : samples) {
        if (sample.name == name && sample.labels == labels) return sample.value;
    }
    return std::nullopt;
}

MethodStats stats_of(HistogramSnapshot latency) {
    const std::uint64_t calls = latency.count;
    return {.calls = calls, .errors = 1, .in_flight = 2, .latency = std::move(latency)};
}

TEST(StatsEntry, HasTheBucketsOfTheMethodsWithTheMostCallsAsFarAsTheyFit) {
    const MethodStatsMap stats = {
        {"few", stats_of({.buckets = {{3ns, 1}}, .count = 1})},
        {"most", stats_of({.buckets = {{5ns, 7}, {9ns, 2}}, .count = 9})},
        {"none", stats_of({})},
        {"some", stats_of({.buckets = {{5ns, 4}, {9ns, 1}}, .count = 5})}};
    const auto with_buckets = [&](std::size_t most) {
        std::vector<std::string> names;
        const json entries = stats_entry(stats, most);
        for (const auto& [name, entry] : entries.items()) {
            if (entry.at("latency").contains("buckets")) names.push_back(name);
        }
        return names;
    };
    EXPECT_EQ(with_buckets(1), (std::vector<std::string>{}));
    EXPECT_EQ(with_buckets(2), (std::vector<std::string>{"most"}));
    EXPECT_EQ(with_buckets(3), (std::vector<std::string>{"most"}));
    EXPECT_EQ(with_buckets(4), (std::vector<std::string>{"most", "some"}));
    EXPECT_EQ(with_buckets(5), (std::vector<std::string>{"few", "most", "none", "some"}));
    const json most = stats_entry(stats, 2).at("most");
    EXPECT_EQ(most.at("latency").at("buckets"), json::parse("[[5,7],[9,2]]"));
    EXPECT_EQ(most.at("calls"), 9);
    EXPECT_EQ(stats_entry(stats, 0).at("most").at("latency").at("count"), 9);
}

TEST(StatsEntry, LeavesHalfOfAMessageToEverythingElse) {
    EXPECT_EQ(most_buckets({}), 20'000U);
    EXPECT_EQ(most_buckets({.max_message_size = 4'000}), 100U);
    EXPECT_EQ(most_buckets({.max_elements = 600}), 100U);
}

TEST(Prometheus, HasASampleOfEachFamilyForEachMethod) {
    const auto samples = samples_of(to_prometheus(
        {{"", stats_of({})},
         {"sum", stats_of({.buckets = {{7us, 3}}, .count = 3, .sum = 21us, .longest = 7us})}}));
    const std::string label = "method=\"sum\"";
    EXPECT_EQ(value_of(samples, "jsocket_rpc_calls_total", label), 3);
    EXPECT_EQ(value_of(samples, "jsocket_rpc_errors_total", label), 1);
    EXPECT_EQ(value_of(samples, "jsocket_rpc_calls_in_flight", label), 2);
    EXPECT_EQ(value_of(samples, "jsocket_rpc_call_duration_seconds_count", label), 3);
    EXPECT_EQ(value_of(samples, "jsocket_rpc_call_duration_seconds_sum", label), 21e-6);
    EXPECT_EQ(value_of(samples, "jsocket_rpc_calls_total", "method=\"\""), 0);
    EXPECT_EQ(samples.size(), 2 * (3 + 16 + 1 + 2));
}

TEST(Prometheus, HasCumulativeBuckets) {
    const auto samples = samples_of(to_prometheus(
        {{"f", stats_of({.buckets = {{4us, 1}, {5us, 2}, {6us, 4}, {10s, 8}, {11s, 16}},
                         .count = 31,
                         .sum = 5min,
                         .longest = 11s})}}));
    std::vector<double> counts;
    for (const Sample& sample : samples) {
        if (sample.name.ends_with("_bucket")) counts.push_back(sample.value);
    }
    EXPECT_EQ(counts, (std::vector<double>{3, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 15, 31}));
    const std::string bucket = "jsocket_rpc_call_duration_seconds_bucket";
    EXPECT_EQ(value_of(samples, bucket, R"(method="f",le="5e-06")"), 3);
    EXPECT_EQ(value_of(samples, bucket, R"(method="f",le="10")"), 15);
}

TEST(Prometheus, EndsBucketsWithInfinity) {
    const std::string text = to_prometheus(
        {{"f", stats_of({.buckets = {{11s, 5}}, .count = 5, .sum = 55s, .longest = 11s})}});
    EXPECT_NE(text.find("_bucket{method=\"f\",le=\"+Inf\"} 5\n"), std::string::npos);
}

TEST(Prometheus, KeepsSumsExactHoweverLargeTheyAre) {
    const auto sum = [](std::chrono::nanoseconds total) {
        const auto samples = samples_of(to_prometheus(
            {{"f", stats_of({.buckets = {}, .count = 1, .sum = total, .longest = {}})}}));
        return value_of(samples, "jsocket_rpc_call_duration_seconds_sum", "method=\"f\"");
    };
    EXPECT_EQ(sum(1'234'567'890us), 1234.56789);
    EXPECT_LT(sum(1'000'000s), sum(1'000'000s + 1ms));
}

TEST(Prometheus, EscapesLabels) {
    const std::string text = to_prometheus({{"a\"b\\c\nd", stats_of({})}});
    EXPECT_NE(text.find("jsocket_rpc_calls_total{method=\"a\\\"b\\\\c\\nd\"} 0\n"),
              std::string::npos);
    EXPECT_EQ(samples_of(text).size(), 3U + 16 + 1 + 2);
}

TEST(Prometheus, IsEmptyButForCommentsWithoutMethods) {
    EXPECT_TRUE(samples_of(to_prometheus({})).empty());
}

}  // namespace
}  // namespace jsocket::rpc
