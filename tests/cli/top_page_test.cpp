// SPDX-License-Identifier: Apache-2.0
#include "cli/top_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace jsocket;
using namespace jsocket::cli;
using namespace std::chrono_literals;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

TopView view_of(std::size_t clients) {
    TopView view;
    view.now.version = "1.2.3";
    view.now.uptime = 3723;
    view.now.connected = clients;
    view.now.known = clients;
    view.rates.messages_in = 12'345;
    Histogram histogram;
    histogram.record(20us);
    view.latency = histogram.snapshot();
    for (std::size_t i = 0; i < clients; ++i) {
        TopRow row;
        row.client.client_id = "client " + std::to_string(i);
        row.client.connected = true;
        row.rates.messages_in = 2'000;
        view.rows.push_back(row);
    }
    return view;
}

/// The same, of a JSON-RPC server.
TopView view_of_methods(std::size_t methods) {
    TopView view = view_of(2);
    view.now.methods.emplace();
    Histogram histogram;
    histogram.record(20us);
    for (std::size_t i = 0; i < methods; ++i) {
        MethodRow row{.name = "method " + std::to_string(i), .latency = histogram.snapshot()};
        row.all_calls = 3'000;
        row.all_failures = 40;
        row.running = 5;
        row.calls = 700;
        view.methods.push_back(row);
        view.now.methods->emplace(row.name, rpc::MethodStats());
    }
    view.all_methods.calls = 1'400;
    view.all_methods.all_calls = 6'000;
    return view;
}

TopState state() {
    TopState state;
    state.server = "127.0.0.1:5489";
    return state;
}

std::vector<std::string> texts(const std::vector<TopLine>& lines) {
    std::vector<std::string> result;
    for (const TopLine& line : lines) result.push_back(line.text);
    return result;
}

TopState state_of_methods() {
    TopState result = state();
    result.table = TopTable::methods;
    return result;
}

std::size_t lines_with(const std::string& beginning, const std::vector<TopLine>& lines) {
    return std::size_t(std::count_if(lines.begin(), lines.end(), [&](const TopLine& line) {
        return line.text.starts_with(beginning);
    }));
}

std::size_t clients_in(const std::vector<TopLine>& lines) { return lines_with("client ", lines); }

std::size_t methods_in(const std::vector<TopLine>& lines) { return lines_with("method ", lines); }

std::string heading_of(const std::vector<TopLine>& lines) {
    for (const TopLine& line : lines) {
        if (line.style == TopLine::Style::heading) return line.text;
    }
    return {};
}

TEST(TopPage, SaysWhatTheServerDoes) {
    const auto lines = texts(top_page(view_of(2), state(), {24, 80}));
    EXPECT_THAT(lines[0], StartsWith("jsocket top  127.0.0.1:5489  version 1.2.3  up 1:02:03"));
    EXPECT_THAT(lines, Contains(HasSubstr("12.3k/s in")));
    EXPECT_THAT(lines, Contains(HasSubstr("p50 20.0 us, p99 20.0 us, max 20.0 us")));
    EXPECT_THAT(lines, Contains(HasSubstr("2 connected")));
    EXPECT_THAT(lines, Contains(StartsWith("client 0           2.00k ")));
}

TEST(TopPage, FillsAnyWindowAndNoMore) {
    TopState with_all = state();
    with_all.history.assign(top_history, 5.0);
    for (const std::string& problem : {std::string(), std::string(500, 'x')}) {
        with_all.problem = problem;
        TopState with_methods = with_all;
        with_methods.table = TopTable::methods;
        for (std::size_t rows = 0; rows < 60; ++rows) {
            for (const std::size_t columns : {0, 1, 2, 3, 9, 10, 11, 14, 15, 40, 80, 200}) {
                const auto lines = top_page(view_of(100), with_all, {rows, columns});
                ASSERT_EQ(lines.size(), rows);
                for (const TopLine& line : lines) ASSERT_LE(line.text.size(), columns) << line.text;
                const std::size_t expected = columns < 8 ? 0 : top_table_rows({rows, columns});
                ASSERT_EQ(clients_in(lines), expected) << rows << " x " << columns;
                const auto others = top_page(view_of_methods(100), with_methods, {rows, columns});
                ASSERT_EQ(others.size(), rows);
                for (const TopLine& line : others) ASSERT_LE(line.text.size(), columns);
                ASSERT_EQ(methods_in(others), expected) << rows << " x " << columns;
            }
        }
    }
}

TEST(TopPage, LeavesRoomForClientsInASmallWindow) {
    EXPECT_EQ(clients_in(top_page(view_of(100), state(), {10, 40})), 4U);
    EXPECT_EQ(clients_in(top_page(view_of(100), state(), {24, 80})), 15U);
}

TEST(TopPage, ShowsAsManyColumnsAsFit) {
    const auto heading = [](std::size_t columns) {
        return heading_of(top_page(view_of(1), state(), {24, columns}));
    };
    EXPECT_THAT(heading(21), Not(HasSubstr("IN/s")));
    EXPECT_THAT(heading(22), HasSubstr("IN/s"));
    EXPECT_THAT(heading(80), HasSubstr("B OUT/s"));
    EXPECT_THAT(heading(80), Not(HasSubstr("ALL B OUT")));
    EXPECT_THAT(heading(120), HasSubstr("ALL B OUT"));
}

TEST(TopPage, IsSafeFromNamesThatAreLongOrFullOfControlCharacters) {
    TopView view = view_of(1);
    view.rows[0].client.client_id = "evil\x1b[2J\n" + std::string(500, 'x');
    view.now.version = "\x1b]0;x\x07";
    TopState bad = state();
    for (const TopLine& line : top_page(view, bad, {24, 80})) {
        for (const char c : line.text) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << line.text;
    }
    EXPECT_THAT(texts(top_page(view, bad, {24, 200})),
                Contains(AllOf(StartsWith("evil\\x1b[2J\\x0a"), HasSubstr("xxx... "))));
}

TEST(TopPage, ScrollsAndStopsAtTheEnd) {
    TopState scrolled = state();
    scrolled.scroll = 98;
    const auto lines = texts(top_page(view_of(100), scrolled, {24, 80}));
    EXPECT_THAT(lines, Contains(StartsWith("client 98 ")));
    EXPECT_THAT(lines, Contains(StartsWith("client 99 ")));
    EXPECT_THAT(lines, Not(Contains(StartsWith("client 97 "))));
    scrolled.scroll = 1'000;
    EXPECT_EQ(clients_in(top_page(view_of(100), scrolled, {24, 80})), 0U);
}

TEST(TopPage, TellsFailuresByKindTheMostFrequentFirst) {
    TopView view = view_of(1);
    EXPECT_THAT(texts(top_page(view, state(), {24, 80})), Contains(HasSubstr("none")));
    view.rates.failures[std::size_t(Failure::reset)] = 1;
    view.rates.failures[std::size_t(Failure::timeout)] = 2.5;
    EXPECT_THAT(texts(top_page(view, state(), {24, 80})),
                Contains(HasSubstr("3.5/s: timeout 2.5 reset 1")));
}

TEST(TopPage, TellsProblemsPausesAndHowManyClientsAreLeftOut) {
    TopState other = state();
    TopView view = view_of(3);
    view.now.known = 1'000;
    EXPECT_THAT(texts(top_page(view, other, {24, 80})).back(), HasSubstr("the first 3 of 1000"));
    other.problem = "it is gone";
    other.paused = true;
    const auto lines = top_page(view, other, {24, 80});
    EXPECT_EQ(lines.back().text, "it is gone");
    EXPECT_EQ(lines.back().style, TopLine::Style::problem);
    EXPECT_THAT(lines[0].text, HasSubstr("[paused]"));
}

TEST(TopPage, DrawsTheRatesOfTheLastMinute) {
    TopState rated = state();
    rated.history = {0, 500, 1'000};
    EXPECT_THAT(texts(top_page(view_of(1), rated, {24, 80})),
                Contains("Rate      _+@  up to 1.00k/s in and out"));
    rated.history = {0, 0};
    EXPECT_THAT(texts(top_page(view_of(1), rated, {24, 80})), Contains(StartsWith("Rate      __")));
    rated.unicode = true;
    EXPECT_THAT(texts(top_page(view_of(1), rated, {24, 80})),
                Contains(StartsWith("Rate      \u2581\u2581")));
}

TEST(TopPage, ShowsHelpInPlaceOfTheTable) {
    TopState helped = state();
    helped.help = true;
    const auto lines = top_page(view_of(5), helped, {24, 80});
    EXPECT_EQ(clients_in(lines), 0U);
    EXPECT_THAT(texts(lines), Contains(HasSubstr("sort by messages, bytes, failures, name")));
}

TEST(TopPage, ShowsMethods) {
    const auto lines = texts(top_page(view_of_methods(2), state_of_methods(), {24, 80}));
    EXPECT_THAT(lines,
                Contains("Calls     1.40k/s, 0/s failed; 0 running; 6.00k in all, 0 failed"));
    EXPECT_THAT(lines, Contains(MatchesRegex("method 0 +700 +40 +20.0 us +20.0 us +3.00k +5")));
    EXPECT_THAT(lines, Not(Contains(StartsWith("client "))));
}

TEST(TopPage, ShowsAsManyColumnsOfMethodsAsFit) {
    const auto heading = [](std::size_t columns) {
        return heading_of(top_page(view_of_methods(1), state_of_methods(), {24, columns}));
    };
    EXPECT_THAT(heading(31), Not(HasSubstr("CALLS/s")));
    EXPECT_THAT(heading(32), HasSubstr("CALLS/s"));
    EXPECT_THAT(heading(80), AllOf(HasSubstr("p99"), HasSubstr("RUNNING"), Not(HasSubstr("max"))));
    EXPECT_THAT(heading(120), EndsWith("max"));
}

TEST(TopPage, ShowsNoLatencyOfMethodsThatWereNotCalled) {
    TopView view = view_of_methods(1);
    view.methods[0].latency = {};
    EXPECT_THAT(texts(top_page(view, state_of_methods(), {24, 80})),
                Contains(MatchesRegex("method 0 +700 +40 +- +- +3.00k +5")));
}

TEST(TopPage, IsSafeFromMethodsWithNamesThatAreLongOrFullOfControlCharacters) {
    TopView view = view_of_methods(2);
    view.methods[0].name = "evil\x1b[2J\n\xc2\x9b" + std::string(500, 'x');
    view.methods[1].name.clear();
    for (const TopLine& line : top_page(view, state_of_methods(), {24, 80})) {
        for (const char c : line.text) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << line.text;
    }
    const auto lines = texts(top_page(view, state_of_methods(), {24, 80}));
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("evil\\x1b[2J\\x0a"), HasSubstr("... "))));
    EXPECT_THAT(lines, Contains(StartsWith("(not bound) ")));
}

TEST(TopPage, ScrollsThroughMethods) {
    TopState scrolled = state_of_methods();
    scrolled.scroll = 98;
    const TopView view = view_of_methods(100);
    EXPECT_EQ(top_all_rows(view, TopTable::methods), 100U);
    EXPECT_EQ(top_all_rows(view, TopTable::clients), 2U);
    EXPECT_EQ(methods_in(top_page(view, scrolled, {24, 80})), 2U);
    scrolled.scroll = 1'000;
    EXPECT_EQ(methods_in(top_page(view, scrolled, {24, 80})), 0U);
}

TEST(TopPage, SaysThatThereAreMethodsAndHowToGetBack) {
    const auto status = [](const TopView& view, const TopState& state) {
        return texts(top_page(view, state, {24, 80})).back();
    };
    EXPECT_EQ(status(view_of(1), state()), "by messages  ? help  q quit");
    TopView view = view_of_methods(1);
    view.now.known = 1'000;
    EXPECT_THAT(status(view, state()), StartsWith("by messages  Tab methods  ? help  q quit  the"));
    TopState sorted = state_of_methods();
    sorted.method_order = MethodOrder::latency;
    EXPECT_EQ(status(view, sorted), "by latency  Tab clients  ? help  q quit");
}

TEST(TopPage, SaysInASentenceThatThereAreNoMethods) {
    const std::string sentence = "The server has no JSON-RPC methods, or does not tell.";
    TopState helped = state_of_methods();
    EXPECT_THAT(texts(top_page(view_of(1), helped, {24, 80})), Contains(sentence));
    EXPECT_THAT(texts(top_page(view_of(1), helped, {24, 80})), Contains(StartsWith("Clients ")));
    helped.help = true;
    EXPECT_THAT(texts(top_page(view_of(1), helped, {24, 80})), Not(Contains(sentence)));
}

TEST(TopPage, ExplainsTheKeysOfTheTableThatIsShown) {
    TopState helped = state_of_methods();
    helped.help = true;
    const auto lines = top_page(view_of_methods(5), helped, {24, 80});
    EXPECT_EQ(methods_in(lines), 0U);
    EXPECT_THAT(texts(lines), Contains(HasSubstr("sort by calls, latency, failures, name")));
    EXPECT_THAT(texts(lines), Contains(HasSubstr("show the clients")));
    helped.table = TopTable::clients;
    EXPECT_THAT(texts(top_page(view_of_methods(5), helped, {24, 80})),
                Contains(HasSubstr("show the methods")));
}

TEST(TopReport, HasMethodsBelowTheClients) {
    const auto lines = top_report(view_of_methods(300), state(), 120);
    EXPECT_EQ(clients_in(lines), 2U);
    EXPECT_EQ(methods_in(lines), 300U);
    EXPECT_THAT(lines.back().text, StartsWith("method 299 "));
    for (const TopLine& line : lines) EXPECT_LE(line.text.size(), 120U);
}

TEST(TopReport, HasAllClients) {
    const auto lines = top_report(view_of(500), state(), 120);
    EXPECT_EQ(clients_in(lines), 500U);
    for (const TopLine& line : lines) EXPECT_LE(line.text.size(), 120U);
}

}  // namespace
