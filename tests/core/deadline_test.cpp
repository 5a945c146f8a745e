// SPDX-License-Identifier: Apache-2.0
#include <jsocket/deadline.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace jsocket {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(Deadline, IsTheTimeoutFromNow) {
    const Deadline before = steady_clock::now() + 1500ms;
    const Deadline deadline = deadline_after(1500ms);
    const Deadline after = steady_clock::now() + 1500ms;
    EXPECT_LE(before, deadline);
    EXPECT_LE(deadline, after);
}

TEST(Deadline, NeverComesWithoutATimeout) { EXPECT_EQ(deadline_after(no_timeout), no_deadline); }

TEST(Deadline, NeverComesWhenItIsTooFarAwayToCount) {
    EXPECT_EQ(deadline_after(no_timeout - 1ms), no_deadline);
    EXPECT_EQ(deadline_after(milliseconds(no_timeout.count() / 1'000)), no_deadline);
    const auto room = std::chrono::ceil<milliseconds>(no_deadline - steady_clock::now());
    EXPECT_EQ(deadline_after(room), no_deadline);
    EXPECT_LT(deadline_after(room - 1h), no_deadline);
}

TEST(Deadline, OfATimeoutThatIsOverHasPassed) {
    const milliseconds longest_ago = milliseconds::min();
    for (const milliseconds timeout :
         {0ms, -1ms, milliseconds(-1h), longest_ago + 1h, longest_ago}) {
        const Deadline deadline = deadline_after(timeout);
        EXPECT_LE(deadline, steady_clock::now()) << timeout.count();
        EXPECT_EQ(poll_timeout(deadline), 0) << timeout.count();
    }
}

TEST(PollTimeout, IsMinusOneWithoutADeadline) { EXPECT_EQ(poll_timeout(no_deadline), -1); }

TEST(PollTimeout, IsZeroOnceTheDeadlineHasPassed) {
    EXPECT_EQ(poll_timeout(steady_clock::now()), 0);
    EXPECT_EQ(poll_timeout(steady_clock::now() - 1h), 0);
    EXPECT_EQ(poll_timeout(Deadline{}), 0);
    EXPECT_EQ(poll_timeout(Deadline::min()), 0);
}

TEST(PollTimeout, IsRoundedUpSoThatNobodyPollsInACircleBeforeTheDeadline) {
    for (int i = 0; i < 100; ++i) {
        const Deadline deadline = steady_clock::now() + 100ms + std::chrono::microseconds(i * 10);
        const int timeout = poll_timeout(deadline);
        const auto left = deadline - steady_clock::now();  // at most what poll_timeout() saw
        EXPECT_GE(milliseconds(timeout), left);
        EXPECT_LE(timeout, 101);
    }
}

TEST(PollTimeout, SaturatesAtWhatPollCanTake) {
    constexpr int most = std::numeric_limits<int>::max();
    EXPECT_EQ(poll_timeout(steady_clock::now() + milliseconds(most) + 1h), most);
    EXPECT_EQ(poll_timeout(no_deadline - 1ns), most);
    EXPECT_GT(poll_timeout(steady_clock::now() + milliseconds(most) - 1h), most - 3'700'000);
}

}  // namespace
}  // namespace jsocket
