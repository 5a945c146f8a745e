// SPDX-License-Identifier: Apache-2.0
#include "core/rate_deadline.hpp"

#include <gtest/gtest.h>

namespace jsocket {
namespace {

using namespace std::chrono_literals;

const RateDeadline::Clock::time_point start{1'000h};

TEST(RateDeadline, IsTheAllowanceForWhoSendsNothing) {
    EXPECT_EQ(RateDeadline(30s, 1024, start).end(), start + 30s);
}

TEST(RateDeadline, GoesOnForWhoKeepsTheRate) {
    RateDeadline deadline(30s, 1024, start);
    for (auto now = start + 1s; now < start + 3h; now += 1s) {
        deadline.advance(1024, now);
        ASSERT_EQ(deadline.end(), now + 30s) << "each second earns the next";
    }
}

TEST(RateDeadline, EndsAnAllowanceAfterTheRateIsNotKeptAnyMore) {
    RateDeadline deadline(30s, 1024, start);
    deadline.advance(10 * 1024 * 1024, start + 1s);
    EXPECT_EQ(deadline.end(), start + 31s) << "what came at once earns no more than that";
    auto now = start + 1s;
    while (now < deadline.end()) deadline.advance(1, now += 1s);
    EXPECT_LT(now, start + 33s) << "a byte a second is nothing";
}

TEST(RateDeadline, EndsForWhoIsTooSlowFromTheBeginning) {
    RateDeadline deadline(30s, 1024, start);
    auto now = start;
    while (now < deadline.end()) deadline.advance(512, now += 1s);
    EXPECT_EQ(now, start + 60s) << "half the rate, and so half of the time was earned";
}

TEST(RateDeadline, StaysWhereItIsWithoutARate) {
    RateDeadline deadline(30s, 0, start);
    deadline.advance(1'000'000, start + 10s);
    EXPECT_EQ(deadline.end(), start + 30s);
}

TEST(RateDeadline, MayBeTheEndOfTime) {
    for (const std::size_t rate : {std::size_t{1}, SIZE_MAX}) {
        RateDeadline endless(no_timeout, rate, start);
        endless.advance(SIZE_MAX, start + 1s);
        EXPECT_EQ(endless.end(), no_deadline);
        RateDeadline fast(1s, rate, start);
        fast.advance(SIZE_MAX, start + 1s);
        EXPECT_LE(fast.end(), start + 2s);
    }
}

}  // namespace
}  // namespace jsocket
