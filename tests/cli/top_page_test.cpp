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
using testing::HasSubstr;
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

std::size_t clients_in(const std::vector<TopLine>& lines) {
    return std::size_t(std::count_if(lines.begin(), lines.end(), [](const TopLine& line) {
        return line.text.starts_with("client ");
    }));
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
        for (std::size_t rows = 0; rows < 60; ++rows) {
            for (const std::size_t columns : {0, 1, 2, 3, 9, 10, 11, 14, 15, 40, 80, 200}) {
                const auto lines = top_page(view_of(100), with_all, {rows, columns});
                ASSERT_EQ(lines.size(), rows);
                for (const TopLine& line : lines) ASSERT_LE(line.text.size(), columns) << line.text;
                ASSERT_EQ(clients_in(lines), columns < 8 ? 0 : top_table_rows({rows, columns}))
                    << rows << " x " << columns;
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
        for (const TopLine& line : top_page(view_of(1), state(), {24, columns})) {
            if (line.style == TopLine::Style::heading) return line.text;
        }
        return std::string();
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

TEST(TopReport, HasAllClients) {
    const auto lines = top_report(view_of(500), state(), 120);
    EXPECT_EQ(clients_in(lines), 500U);
    for (const TopLine& line : lines) EXPECT_LE(line.text.size(), 120U);
}

}  // namespace
