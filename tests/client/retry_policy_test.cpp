// SPDX-License-Identifier: Apache-2.0
#include <jsocket/client/retry_policy.hpp>
#include <jsocket/deadline.hpp>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using jsocket::RetryPolicy;

TEST(RetryPolicy, DoublesTheLongestWaitWithEachAttempt) {
    const RetryPolicy policy{.initial_backoff = 100ms, .max_backoff = 1h};
    EXPECT_EQ(policy.backoff_limit(1), 100ms);
    EXPECT_EQ(policy.backoff_limit(2), 200ms);
    EXPECT_EQ(policy.backoff_limit(3), 400ms);
    EXPECT_EQ(policy.backoff_limit(8), 12'800ms);
}

TEST(RetryPolicy, NeverWaitsLongerThanTheMaximum) {
    const RetryPolicy policy{.initial_backoff = 100ms, .max_backoff = 300ms};
    EXPECT_EQ(policy.backoff_limit(2), 200ms);
    EXPECT_EQ(policy.backoff_limit(3), 300ms);
    EXPECT_EQ(policy.backoff_limit(4), 300ms);
    EXPECT_EQ(policy.backoff_limit(1'000'000'000), 300ms);
}

TEST(RetryPolicy, TakesTheMaximumFromTheBeginningIfThatIsLess) {
    const RetryPolicy policy{.initial_backoff = 500ms, .max_backoff = 300ms};
    EXPECT_EQ(policy.backoff_limit(1), 300ms);
    EXPECT_EQ(policy.backoff_limit(2), 300ms);
}

TEST(RetryPolicy, DoesNotOverflow) {
    const RetryPolicy policy{.initial_backoff = 3ms, .max_backoff = jsocket::no_timeout};
    EXPECT_EQ(policy.backoff_limit(62), 3ms * (std::int64_t(1) << 61));
    EXPECT_EQ(policy.backoff_limit(63), jsocket::no_timeout);
    EXPECT_EQ(policy.backoff_limit(1000), jsocket::no_timeout);
}

TEST(RetryPolicy, TriesTenTimesInHalfAMinuteByDefault) {
    const RetryPolicy policy;
    EXPECT_EQ(policy.attempts, 10);
    EXPECT_EQ(policy.deadline, 30s);
    EXPECT_EQ(policy.backoff_limit(1), 100ms);
    EXPECT_EQ(policy.backoff_limit(10), 3s);
}

}  // namespace
