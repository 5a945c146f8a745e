// SPDX-License-Identifier: Apache-2.0
#include "cli/calls_in_flight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <malloc.h>

namespace jsocket::cli {
namespace {

LoadClock::time_point at(std::uint64_t number) {
    return LoadClock::time_point(LoadClock::duration(number));
}

void add(CallsInFlight& calls, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
        calls.add({.start = at(calls.end()), .sent = at(calls.end() + 1)});
    }
}

/// Takes a call, and checks that it is the one.
void take(CallsInFlight& calls, std::uint64_t number) {
    const auto call = calls.take(number);
    ASSERT_TRUE(call) << number;
    EXPECT_EQ(call->start, at(number));
    EXPECT_EQ(call->sent, at(number + 1));
}

TEST(CallsInFlight, AreTakenInAnyOrder) {
    CallsInFlight calls;
    add(calls, 4);
    for (const std::uint64_t number : {2U, 0U, 3U, 1U}) take(calls, number);
    EXPECT_TRUE(calls.empty());
    add(calls, 1);
    take(calls, 4);
    EXPECT_TRUE(calls.empty());
}

TEST(CallsInFlight, AreTakenOnlyOnceAndNotBeforeTheyAreThere) {
    CallsInFlight calls;
    EXPECT_FALSE(calls.take(0));
    add(calls, 3);
    EXPECT_FALSE(calls.take(3));
    EXPECT_FALSE(calls.take(~std::uint64_t{0}));
    for (const std::uint64_t number : {1U, 0U}) {
        take(calls, number);
        EXPECT_FALSE(calls.take(number));
    }
    take(calls, 2);
}

TEST(CallsInFlight, KnowTheOldestOne) {
    CallsInFlight calls;
    add(calls, 3);
    EXPECT_EQ(calls.oldest().start, at(0));
    take(calls, 1);
    EXPECT_EQ(calls.oldest().start, at(0));
    take(calls, 0);
    EXPECT_EQ(calls.oldest().start, at(2));
}

TEST(CallsInFlight, FindCallsThatManyHaveOvertaken) {
    CallsInFlight calls;
    add(calls, 10'000);
    for (std::uint64_t number = 0; number < 10'000; ++number) {
        if (number % 1000 != 0) take(calls, number);
    }
    for (std::uint64_t number = 0; number < 10'000; number += 1000) {
        EXPECT_EQ(calls.oldest().start, at(number));
        EXPECT_FALSE(calls.take(number + 1));
        take(calls, number);
        EXPECT_FALSE(calls.take(number));
    }
    EXPECT_TRUE(calls.empty());
}

TEST(CallsInFlight, HoldNoMemoryForThoseThatOvertakeAnother) {
    CallsInFlight calls;
    const auto before = mallinfo2().uordblks;
    add(calls, 1);
    for (std::uint64_t number = 1; number < 1'000'000; ++number) {
        add(calls, 1);
        take(calls, number);
    }
    EXPECT_LT(mallinfo2().uordblks, before + 100'000);
    take(calls, 0);
}

}  // namespace
}  // namespace jsocket::cli
