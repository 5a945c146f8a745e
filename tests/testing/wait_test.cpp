// SPDX-License-Identifier: Apache-2.0
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace {

using namespace std::chrono_literals;
using jsocket::testing::wait_until;
using test_support::Stopwatch;

TEST(WaitUntil, HoldsAtOnceWithoutAPause) {
    int asked = 0;
    EXPECT_TRUE(wait_until([&] { return ++asked == 1; }, 0ms));
    EXPECT_EQ(asked, 1);
}

TEST(WaitUntil, SeesWhatAnotherThreadDoes) {
    std::atomic<bool> done = false;
    std::thread other([&] { done = true; });
    EXPECT_TRUE(wait_until([&] { return done.load(); }));
    other.join();
}

TEST(WaitUntil, GivesUpAtItsDeadlineAndNotBefore) {
    const Stopwatch watch;
    EXPECT_FALSE(wait_until([] { return false; }, 20ms));
    EXPECT_GE(watch.elapsed(), 20ms);
}

TEST(WaitUntil, AsksOnceMoreAtTheEnd) {
    int asked = 0;
    EXPECT_TRUE(wait_until([&] { return ++asked == 2; }, 0ms));
}

TEST(WaitUntil, AsksOftenAtFirstAndSeldomLater) {
    int asked = 0;
    EXPECT_FALSE(wait_until([&] { return ++asked == 0; }, 50ms));
    EXPECT_GT(asked, 5);  // however busy the machine is
    EXPECT_LT(asked, 500) << "that is no waiting";
}

TEST(WaitUntil, PassesOnWhatTheConditionThrows) {
    EXPECT_THROW(wait_until([]() -> bool { throw std::runtime_error("no"); }), std::runtime_error);
}

}  // namespace
