// SPDX-License-Identifier: Apache-2.0
#include <jsocket/histogram.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace jsocket {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

HistogramSnapshot snapshot_of(const std::vector<nanoseconds>& durations) {
    Histogram histogram;
    for (const nanoseconds duration : durations) histogram.record(duration);
    return histogram.snapshot();
}

TEST(Histogram, IsEmptyAtFirst) {
    const HistogramSnapshot empty = Histogram().snapshot();
    EXPECT_EQ(empty.count, 0U);
    EXPECT_EQ(empty.quantile(0.5), 0ns);
    EXPECT_EQ(empty.mean(), 0ns);
}

TEST(Histogram, IsExactUpToThirtyTwoNanoseconds) {
    for (int i = 0; i <= 32; ++i) {
        const HistogramSnapshot one = snapshot_of({nanoseconds(i)});
        ASSERT_EQ(one.buckets.size(), 1U);
        EXPECT_EQ(one.buckets[0].upper, nanoseconds(i));
    }
}

TEST(Histogram, IsNeverOffByMoreThanOnePartInThirtyTwo) {
    for (std::int64_t value = 33; value < (std::int64_t{1} << 42); value += value / 7 + 1) {
        const auto upper = snapshot_of({nanoseconds(value)}).buckets.at(0).upper.count();
        ASSERT_GE(upper, value);
        ASSERT_LE(upper - value, value / 32);
    }
}

TEST(Histogram, NextDurationBeyondABucketIsInTheNextOne) {
    for (const std::int64_t power : {6, 20, 41}) {
        const auto upper = snapshot_of({nanoseconds(std::int64_t{1} << power)}).buckets.at(0).upper;
        EXPECT_EQ(snapshot_of({upper, upper + 1ns}).buckets.size(), 2U);
    }
}

TEST(Histogram, CountsWhatIsNegativeAsZeroAndWhatIsTooLongAsTheLongest) {
    EXPECT_EQ(snapshot_of({-5ns}).longest, 0ns);
    EXPECT_EQ(snapshot_of({nanoseconds::max()}).longest, nanoseconds((std::int64_t{1} << 42) - 1));
}

TEST(Histogram, QuantilesAreWhatThatShareDoesNotExceed) {
    std::vector<nanoseconds> durations;
    for (int i = 1; i <= 20; ++i) durations.emplace_back(i);
    const HistogramSnapshot twenty = snapshot_of(durations);
    EXPECT_EQ(twenty.quantile(0), 1ns);
    EXPECT_EQ(twenty.quantile(0.5), 10ns);
    EXPECT_EQ(twenty.quantile(0.9), 18ns);
    EXPECT_EQ(twenty.quantile(0.901), 19ns);
    EXPECT_EQ(twenty.quantile(1), 20ns);
    EXPECT_EQ(twenty.mean(), 10ns);
}

TEST(Histogram, NoQuantileExceedsTheLongest) {
    EXPECT_EQ(snapshot_of({1000001ns}).quantile(0.99), 1000001ns);
}

TEST(Histogram, MergesBucketByBucket) {
    HistogramSnapshot merged = snapshot_of({1ns, 5ns, 5ns, 1ms});
    merged.merge(snapshot_of({2ns, 5ns, 2ms}));
    merged.merge(HistogramSnapshot());
    const HistogramSnapshot expected = snapshot_of({1ns, 2ns, 5ns, 5ns, 5ns, 1ms, 2ms});
    ASSERT_EQ(merged.buckets.size(), expected.buckets.size());
    for (std::size_t i = 0; i < merged.buckets.size(); ++i) {
        EXPECT_EQ(merged.buckets[i].upper, expected.buckets[i].upper);
        EXPECT_EQ(merged.buckets[i].count, expected.buckets[i].count);
    }
    EXPECT_EQ(merged.count, 7U);
    EXPECT_EQ(merged.sum, expected.sum);
    EXPECT_EQ(merged.longest, 2ms);
}

TEST(Histogram, TellsWhatWasRecordedSinceAnEarlierSnapshot) {
    Histogram histogram;
    for (const nanoseconds duration : {1ns, 5ns, nanoseconds(9ms)}) histogram.record(duration);
    const HistogramSnapshot earlier = histogram.snapshot();
    EXPECT_EQ(earlier.since(HistogramSnapshot()).count, 3U);
    EXPECT_EQ(earlier.since(earlier).count, 0U);
    EXPECT_EQ(earlier.since(earlier).longest, 0ns);
    EXPECT_TRUE(earlier.since(earlier).buckets.empty());

    for (const nanoseconds duration : {3ns, 5ns, 5ns, nanoseconds(1us)}) histogram.record(duration);
    const HistogramSnapshot since = histogram.snapshot().since(earlier);
    ASSERT_EQ(since.buckets.size(), 3U);
    EXPECT_EQ(since.buckets[0].upper, 3ns);
    EXPECT_EQ(since.buckets[0].count, 1U);
    EXPECT_EQ(since.buckets[1].upper, 5ns);
    EXPECT_EQ(since.buckets[1].count, 2U);
    EXPECT_EQ(since.count, 4U);
    EXPECT_EQ(since.sum, 1013ns);
    EXPECT_EQ(since.quantile(0.5), 5ns);
    EXPECT_GE(since.longest, 1us);
    EXPECT_LE(since.longest, 1us + 31ns);
}

TEST(Histogram, LosesNothingOfThreadsThatRecordAtTheSameTime) {
    Histogram histogram;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 10'000; ++j) histogram.record(nanoseconds(j));
        });
    }
    for (std::thread& thread : threads) thread.join();
    const HistogramSnapshot all = histogram.snapshot();
    EXPECT_EQ(all.count, 40'000U);
    EXPECT_EQ(all.sum, 4 * nanoseconds(9'999 * 10'000 / 2));
    EXPECT_EQ(all.longest, 9'999ns);
}

TEST(Histogram, IsWrittenInSeconds) {
    const json text = snapshot_of({1s, 1s});
    EXPECT_EQ(text.at("count"), 2);
    EXPECT_EQ(text.at("p50"), 1.0);
    EXPECT_EQ(text.at("p999"), 1.0);
    EXPECT_EQ(text.at("max"), 1.0);
    EXPECT_EQ(text.at("mean"), 1.0);
}

}  // namespace
}  // namespace jsocket
