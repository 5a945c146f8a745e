// SPDX-License-Identifier: Apache-2.0
#include "socket/spin.hpp"

#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test_support;

/// A Spin on a thread that may use one processor only, so that two who are awake are too many.
class Spin : public ::testing::Test {
  protected:
    Spin() {
        ::sched_getaffinity(0, sizeof allowed_, &allowed_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(::sched_getcpu(), &one);
        EXPECT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    }
    ~Spin() override { ::sched_setaffinity(0, sizeof allowed_, &allowed_); }

    static void wait_shortly(jsocket::Spin& spin) {
        spin.sleep([] { return true; });
    }

    static void wait_long(jsocket::Spin& spin, std::chrono::milliseconds time) {
        const Stopwatch watch;
        spin.sleep([&] { return wait_until([&] { return watch.elapsed() > time; }); });
    }

    /// How often it tries what succeeds at the third attempt.
    static int attempts(jsocket::Spin& spin) {
        int count = 0;
        const auto result = spin.try_for_a_while([&] {
            ++count;
            return count == 3 ? std::optional<int>(7) : std::nullopt;
        });
        EXPECT_EQ(result, count == 0 ? std::nullopt : std::optional<int>(7));
        return count;
    }

    // So long that nothing a busy machine does to a short wait makes it a long one.
    static constexpr auto plenty = 1s;

  private:
    cpu_set_t allowed_;
};

TEST_F(Spin, TriesUntilAnAttemptSucceedsAfterAShortWait) {
    jsocket::Spin spin(plenty);
    wait_shortly(spin);
    EXPECT_EQ(attempts(spin), 3);
    EXPECT_EQ(attempts(spin), 3) << "what came without a wait came soon";
}

TEST_F(Spin, DoesNotTryBeforeItKnowsHowLongAWaitTakes) {
    jsocket::Spin spin(plenty);
    EXPECT_EQ(attempts(spin), 0);
}

TEST_F(Spin, DoesNotTryAfterALongWaitUntilOneIsShortAgain) {
    jsocket::Spin spin(100ms);
    wait_long(spin, 110ms);
    EXPECT_EQ(attempts(spin), 0);
    EXPECT_TRUE(wait_until([&] {
        wait_shortly(spin);
        return attempts(spin) == 3;
    }));
}

TEST_F(Spin, GivesUpWhenItsTimeIsOver) {
    jsocket::Spin spin(20ms);
    EXPECT_TRUE(wait_until([&] {
        wait_shortly(spin);
        const auto begin = std::chrono::steady_clock::now();
        int count = 0;
        EXPECT_FALSE(spin.try_for_a_while([&] {
            ++count;
            return std::optional<int>();
        }));
        const auto taken = std::chrono::steady_clock::now() - begin;
        EXPECT_TRUE(count == 0 || taken >= 20ms);
        return count > 1;
    }));
}

TEST_F(Spin, TriesRarelyForAPeerThatIsAlwaysALittleLate) {
    jsocket::Spin spin(1us);
    int tried = 0;
    for (int i = 0; i < 1'000; ++i) {
        wait_shortly(spin);
        bool this_time = false;
        spin.try_for_a_while([&] {
            this_time = true;
            return std::optional<int>();
        });
        tried += this_time ? 1 : 0;
    }
    EXPECT_LT(tried, 100);
}

TEST_F(Spin, DoesNotTryWhenMoreThreadsAreAwakeThanThereAreProcessors) {
    jsocket::Spin spin(plenty);
    wait_shortly(spin);
    EXPECT_EQ(attempts(spin), 3);
    {
        jsocket::Spin another(plenty);
        EXPECT_EQ(attempts(spin), 0);
        EXPECT_EQ(another.sleep([&] { return attempts(spin); }), 3) << "the other is asleep";
        EXPECT_EQ(attempts(spin), 0);
    }
    EXPECT_EQ(attempts(spin), 3) << "the other is gone";
}

TEST_F(Spin, TriesWhileAThreadForEachProcessorIsAwake) {
    cpu_set_t all;
    CPU_ZERO(&all);
    for (int i = 0; i < CPU_SETSIZE; ++i) CPU_SET(i, &all);
    ::sched_setaffinity(0, sizeof all, &all);  // those that there are
    ::sched_getaffinity(0, sizeof all, &all);
    jsocket::Spin spin(plenty);
    wait_shortly(spin);
    std::vector<std::unique_ptr<jsocket::Spin>> others;
    for (int i = 1; i < CPU_COUNT(&all); ++i) {
        others.push_back(std::make_unique<jsocket::Spin>(plenty));
        EXPECT_EQ(attempts(spin), 3);
    }
    others.push_back(std::make_unique<jsocket::Spin>(plenty));
    EXPECT_EQ(attempts(spin), 0);
}

TEST_F(Spin, WithALimitOf0NeverTriesAndDisturbsNobody) {
    jsocket::Spin never(0s);
    EXPECT_EQ(never.sleep([] { return 5; }), 5);
    EXPECT_EQ(attempts(never), 0);
    jsocket::Spin spin(plenty);
    wait_shortly(spin);
    EXPECT_EQ(attempts(spin), 3) << "the one that never tries does not count as awake";
    EXPECT_EQ(attempts(never), 0);
}

}  // namespace
