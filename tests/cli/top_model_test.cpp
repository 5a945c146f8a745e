// SPDX-License-Identifier: Apache-2.0
#include "cli/top_model.hpp"

#include <jsocket/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace jsocket;
using namespace jsocket::cli;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

ClientStats client(const std::string& name, std::uint64_t messages, bool connected = true) {
    ClientStats stats;
    stats.client_id = name;
    stats.connected = connected;
    stats.connected_duration = connected ? 100 : 0;
    stats.messages_in = messages;
    stats.messages_out = messages / 2;
    stats.bytes_in = 10 * messages;
    stats.bytes_out = 7 * messages;
    return stats;
}

TopSnapshot snapshot(double uptime, const std::vector<ClientStats>& clients) {
    TopSnapshot result;
    result.uptime = uptime;
    result.known = clients.size();
    for (const ClientStats& one : clients) result.clients.emplace(one.client_id, one);
    return result;
}

const TopRow& row(const TopView& view, const std::string& name) {
    for (const TopRow& candidate : view.rows) {
        if (candidate.client.client_id == name) return candidate;
    }
    throw std::runtime_error("no row " + name);
}

/// What a server answers, by way of the library's own printing.
json answer() {
    Histogram histogram;
    for (const auto duration : {5ns, 5ns, 9ns}) histogram.record(duration);
    ServerStats stats;
    stats.clients.emplace("a", client("a", 8));
    stats.clients.at("a")[Failure::timeout] = 3;
    json latency = histogram.snapshot();
    latency["buckets"] = json::parse("[[5,2],[9,1]]");
    const json result = {{"version", "1.2.3"},
                         {"endpoint", "unix:/x"},
                         {"uptime", 2.5},
                         {"time", 1.7e9},
                         {"stats",
                          {{"connected_clients", 1},
                           {"refused_connections", 4},
                           {"known_clients", 7},
                           {"totals", client("", 80)},
                           {"clients", json(stats).at("clients")}}},
                         {"latency", latency}};
    return json::parse(result.dump());
}

TEST(TopModel, ReadsWhatAServerAnswers) {
    const TopSnapshot read = to_snapshot(answer());
    EXPECT_EQ(read.version, "1.2.3");
    EXPECT_EQ(read.endpoint, "unix:/x");
    EXPECT_EQ(read.uptime, 2.5);
    EXPECT_EQ(read.connected, 1U);
    EXPECT_EQ(read.refused, 4U);
    EXPECT_EQ(read.known, 7U);
    EXPECT_EQ(read.totals.messages_in, 80U);
    ASSERT_EQ(read.clients.size(), 1U);
    const ClientStats& a = read.clients.at("a");
    EXPECT_EQ(a.client_id, "a");
    EXPECT_TRUE(a.connected);
    EXPECT_EQ(a.messages_in, 8U);
    EXPECT_EQ(a.bytes_out, 56U);
    EXPECT_EQ(a.connected_duration, 100.0);
    EXPECT_EQ(a[Failure::timeout], 3U);
    EXPECT_EQ(read.latency.count, 3U);
    EXPECT_EQ(read.latency.longest, 9ns);
    EXPECT_EQ(read.latency.quantile(0.5), 5ns);
}

TEST(TopModel, RefusesWhatIsNoStatistics) {
    for (const json& wrong : {json(), json("x"), json::array(), json::object()}) {
        EXPECT_THROW(to_snapshot(wrong), ProtocolError) << wrong;
    }
    const json right = answer();
    // Each member in turn is missing, or something else.
    const json places = right.flatten();
    for (const auto& [place, value] : places.items()) {
        const json::json_pointer pointer(place);
        for (const json& wrong : {json("text"), json(-1.5), json::object({{"a", 1}})}) {
            json changed = right;
            changed[pointer] = wrong;
            try {
                to_snapshot(changed);  // some may be anything
            } catch (const ProtocolError& error) {
                EXPECT_THAT(error.what(), HasSubstr("rpc.stats"));
            }
        }
    }
    for (const char* needed : {"/version", "/uptime", "/stats", "/stats/totals/bytes_in",
                               "/stats/clients/a/messages_out", "/latency/buckets/0"}) {
        json changed = right;
        changed[json::json_pointer(needed)] = true;
        EXPECT_THROW(to_snapshot(changed), ProtocolError) << needed;
    }
}

TEST(TopModel, CopesWithKindsOfFailuresThatAServerDoesNotKnow) {
    json less = answer();
    less["stats"]["clients"]["a"]["failures"] = {{"timeout", 1U}, {"unheard of", 5U}};
    EXPECT_EQ(to_snapshot(less).clients.at("a")[Failure::timeout], 1U);
    EXPECT_EQ(to_snapshot(less).clients.at("a")[Failure::tls], 0U);
}

TEST(TopModel, KeepsAThousandClientsAndTenThousandMethods) {
    const auto many = [](const json& entry, std::size_t count) {
        json entries = json::object();
        for (std::size_t i = 0; i < count; ++i) entries["n" + std::to_string(i)] = entry;
        return entries;
    };
    const json method = json::parse(R"({"calls":0,"errors":0,"in_flight":0,"latency":{}})");
    for (const int more : {-1, 0, 1}) {
        json result = answer();
        json& clients = result["stats"]["clients"];
        clients = many(json(clients.at("a")), std::size_t(1000 + more));
        result["methods"] = many(method, std::size_t(10'000 + more));
        const TopSnapshot read = to_snapshot(result);
        EXPECT_EQ(read.clients.size(), std::size_t(1000 + std::min(more, 0)));
        ASSERT_TRUE(read.methods);
        EXPECT_EQ(read.methods->size(), std::size_t(10'000 + std::min(more, 0)));
    }
}

TEST(TopModel, RatesAreGainsPerSecond) {
    TopSnapshot before = snapshot(10, {client("a", 100), client("b", 50)});
    TopSnapshot now = snapshot(12, {client("a", 300), client("b", 50)});
    before.totals = client("", 150);
    now.totals = client("", 350);
    now.totals[Failure::reset] = 6;
    const TopView view = compare(before, now);
    EXPECT_FALSE(view.since_start);
    EXPECT_EQ(row(view, "a").rates.messages_in, 100.0);
    EXPECT_EQ(row(view, "a").rates.messages_out, 50.0);
    EXPECT_EQ(row(view, "a").rates.bytes_in, 1000.0);
    EXPECT_EQ(row(view, "a").rates.bytes_out, 700.0);
    EXPECT_EQ(row(view, "b").rates.messages(), 0.0);
    EXPECT_EQ(view.rates.messages_in, 100.0);
    EXPECT_EQ(view.rates.failures[std::size_t(Failure::reset)], 3.0);
    EXPECT_EQ(view.rates.all_failures(), 3.0);
}

TEST(TopModel, RatesAreAveragesSinceTheStartAtFirst) {
    TopSnapshot now = snapshot(50, {client("a", 100)});
    now.totals = client("", 200);
    const TopView view = compare(std::nullopt, now);
    EXPECT_TRUE(view.since_start);
    EXPECT_EQ(row(view, "a").rates.messages_in, 2.0);
    EXPECT_EQ(view.rates.messages_in, 4.0);
}

TEST(TopModel, RatesOfAServerThatWasStartedAgainAreAverages) {
    const TopView view = compare(snapshot(50, {client("a", 100)}), snapshot(2, {client("a", 10)}));
    EXPECT_TRUE(view.since_start);
    EXPECT_EQ(row(view, "a").rates.messages_in, 5.0);
}

TEST(TopModel, CountersThatWentBackGainNothing) {
    const TopView view = compare(snapshot(1, {client("a", 100)}), snapshot(2, {client("a", 90)}));
    EXPECT_EQ(row(view, "a").rates.messages_in, 0.0);
    EXPECT_EQ(row(view, "a").rates.bytes(), 0.0);
}

TEST(TopModel, CountsOfAClientThatHasJustComeAreItsGains) {
    ClientStats fresh = client("fresh", 8);
    fresh.connected_duration = 1;
    const TopView view = compare(snapshot(10, {}), snapshot(12, {fresh, client("left", 6, false)}));
    EXPECT_EQ(row(view, "fresh").rates.messages_in, 4.0);
    EXPECT_EQ(row(view, "left").rates.messages_in, 3.0) << "came and went in between";
}

TEST(TopModel, CountsOfAClientThatHasTakenAnotherNameAreNoGains) {
    const TopView view = compare(snapshot(10, {}), snapshot(12, {client("renamed", 1'000'000)}));
    EXPECT_EQ(row(view, "renamed").rates.messages_in, 0.0);
}

TEST(TopModel, CountsOfAClientThatTheServerHadLeftOutAreNoGains) {
    TopSnapshot before = snapshot(10, {});
    before.known = 1;
    const TopView view = compare(before, snapshot(12, {client("left out", 1'000, false)}));
    EXPECT_EQ(row(view, "left out").rates.messages_in, 0.0);
}

TEST(TopModel, LatenciesAreThoseOfTheInterval) {
    Histogram histogram;
    histogram.record(1ms);
    TopSnapshot before = snapshot(1, {});
    before.latency = histogram.snapshot();
    histogram.record(8ns);
    histogram.record(9ns);
    TopSnapshot now = snapshot(2, {});
    now.latency = histogram.snapshot();
    const HistogramSnapshot latency = compare(before, now).latency;
    EXPECT_EQ(latency.count, 2U);
    EXPECT_EQ(latency.longest, 9ns);
    EXPECT_EQ(compare(std::nullopt, now).latency.longest, 1ms);
}

json method(std::uint64_t calls, const char* buckets) {
    json latency = {{"count", calls}, {"max", 9e-9}};
    if (buckets) latency["buckets"] = json::parse(buckets);
    return {{"calls", calls}, {"errors", 1U}, {"in_flight", 2U}, {"latency", latency}};
}

TEST(TopModel, ReadsTheMethodsOfAJsonRpcServer) {
    EXPECT_EQ(to_snapshot(answer()).methods, std::nullopt);
    json result = answer();
    result["methods"] = {{"sum", method(3, "[[5,2],[9,1]]")}, {"", method(7, nullptr)}};
    const auto methods = to_snapshot(result).methods;
    ASSERT_TRUE(methods);
    EXPECT_EQ(methods->size(), 2U);
    const rpc::MethodStats& sum = methods->at("sum");
    EXPECT_EQ(sum.calls, 3U);
    EXPECT_EQ(sum.errors, 1U);
    EXPECT_EQ(sum.in_flight, 2U);
    EXPECT_EQ(sum.latency.quantile(0.5), 5ns);
    EXPECT_EQ(sum.latency.longest, 9ns);
    EXPECT_EQ(methods->at("").calls, 7U);
    EXPECT_EQ(methods->at("").latency.count, 0U);
}

TEST(TopModel, LeavesAloneWhatAnotherServerTellsUnderTheNameOfMethods) {
    json result = answer();
    for (const char* other :
         {R"(1)", R"(["sum"])", R"({"add":1})", R"({"add":{"calls":1}})",
          R"({"add":{"calls":1,"errors":0,"in_flight":-1,"latency":{}}})",
          R"({"add":{"calls":1,"errors":0,"in_flight":0,"latency":1}})",
          R"({"add":{"calls":1,"errors":0,"in_flight":0,"latency":{"buckets":[1]}}})"}) {
        result["methods"] = json::parse(other);
        EXPECT_EQ(to_snapshot(result).methods, std::nullopt) << other;
    }
}

rpc::MethodStats called(const std::vector<std::chrono::nanoseconds>& durations,
                        std::uint64_t errors = 0) {
    Histogram histogram;
    for (const auto duration : durations) histogram.record(duration);
    return {.calls = durations.size(),
            .errors = errors,
            .in_flight = 1,
            .latency = histogram.snapshot()};
}

const MethodRow& method_row(const TopView& view, const std::string& name) {
    for (const MethodRow& candidate : view.methods) {
        if (candidate.name == name) return candidate;
    }
    throw std::runtime_error("no method " + name);
}

TEST(TopModel, RatesAndLatenciesOfMethodsAreThoseOfTheInterval) {
    TopSnapshot before = snapshot(10, {});
    before.methods = {{"old", called({1ms, 1ms}, 1)}};
    TopSnapshot now = snapshot(12, {});
    now.methods = {{"old", called({1ms, 1ms, 5ns, 7ns, 7ns, 9ns}, 4)}, {"new", called({8ns}, 1)}};
    const TopView view = compare(before, now);
    const MethodRow& old = method_row(view, "old");
    EXPECT_EQ(old.calls, 2.0);
    EXPECT_EQ(old.failures, 1.5);
    EXPECT_EQ(old.all_calls, 6U);
    EXPECT_EQ(old.all_failures, 4U);
    EXPECT_EQ(old.running, 1U);
    EXPECT_EQ(old.latency.count, 4U);
    EXPECT_EQ(old.latency.quantile(0.5), 7ns);
    EXPECT_EQ(old.latency.longest, 9ns);
    EXPECT_EQ(method_row(view, "new").calls, 0.5);
    EXPECT_EQ(view.all_methods.calls, 2.5);
    EXPECT_EQ(view.all_methods.failures, 2.0);
    EXPECT_EQ(view.all_methods.all_calls, 7U);
    EXPECT_EQ(view.all_methods.all_failures, 5U);
    EXPECT_EQ(view.all_methods.running, 2U);
    const TopView since_start = compare(std::nullopt, now);
    EXPECT_EQ(method_row(since_start, "old").calls, 0.5);
    EXPECT_EQ(method_row(since_start, "old").latency.longest, 1ms);
    EXPECT_TRUE(compare(now, snapshot(14, {})).methods.empty());
}

TEST(TopModel, DoesNotKnowTheLatenciesOfAMethodThatWasNotToldBefore) {
    TopSnapshot before = snapshot(1, {});
    before.methods = {{"f", called({5ns, 5ns})}};
    TopSnapshot now = snapshot(2, {});
    now.methods = {{"f", called({5ns, 5ns, 5ns})}};
    EXPECT_EQ(method_row(compare(before, now), "f").latency.count, 1U);
    before.methods->at("f").latency = {};
    EXPECT_EQ(method_row(compare(before, now), "f").latency.count, 0U);
    EXPECT_EQ(method_row(compare(before, now), "f").calls, 1.0);
}

std::vector<std::string> sorted(std::vector<MethodRow> rows, MethodOrder order) {
    sort(rows, order);
    std::vector<std::string> names;
    for (const MethodRow& one : rows) names.push_back(one.name);
    return names;
}

TEST(TopModel, SortsTheBusiestMethodsFirstThenThoseThatRunThenThoseCalledMost) {
    const std::vector<MethodRow> rows{
        {.name = "never", .latency = {}},
        {.name = "often", .all_calls = 9, .all_failures = 5, .latency = {}},
        {.name = "runs", .all_calls = 1, .running = 1, .latency = {}},
        {.name = "slow", .all_calls = 2, .calls = 1, .latency = called({1ms}).latency},
        {.name = "busy",
         .all_calls = 8,
         .all_failures = 1,
         .calls = 7,
         .failures = 1,
         .latency = called({1us}).latency}};
    EXPECT_THAT(sorted(rows, MethodOrder::calls),
                ElementsAre("busy", "slow", "runs", "often", "never"));
    EXPECT_THAT(sorted(rows, MethodOrder::latency),
                ElementsAre("slow", "busy", "runs", "often", "never"));
    EXPECT_THAT(sorted(rows, MethodOrder::failures),
                ElementsAre("busy", "often", "never", "runs", "slow"));
    EXPECT_THAT(sorted(rows, MethodOrder::name),
                ElementsAre("busy", "never", "often", "runs", "slow"));
}

std::vector<std::string> sorted(std::vector<TopRow> rows, TopOrder order) {
    sort(rows, order);
    std::vector<std::string> names;
    for (const TopRow& one : rows) names.push_back(one.client.client_id);
    return names;
}

TEST(TopModel, SortsTheBusiestFirstThenTheConnectedThenThoseThatDidMost) {
    std::vector<TopRow> rows{{client("gone", 900, false), {}},
                             {client("idle", 5), {}},
                             {client("idler", 9), {}},
                             {client("busy", 1), {}},
                             {client("busier", 1), {}}};
    rows[3].rates.messages_in = 1;
    rows[3].rates.bytes_in = 99;
    rows[4].rates.messages_out = 2;
    rows[4].rates.bytes_out = 50;
    rows[1].rates.failures[0] = 0.5;
    EXPECT_THAT(sorted(rows, TopOrder::messages),
                ElementsAre("busier", "busy", "idler", "idle", "gone"));
    EXPECT_THAT(sorted(rows, TopOrder::bytes),
                ElementsAre("busy", "busier", "idler", "idle", "gone"));
    rows[0].client[Failure::tls] = 1;
    EXPECT_THAT(sorted(rows, TopOrder::failures),
                ElementsAre("idle", "gone", "busier", "busy", "idler"));
    EXPECT_THAT(sorted(rows, TopOrder::name),
                ElementsAre("busier", "busy", "gone", "idle", "idler"));
}

}  // namespace
