// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace jsocket {

/// What a Histogram has counted: durations in ascending order, each with how often it was recorded.
///
/// Durations are exact up to 32 ns and to one part in 32 beyond.
struct HistogramSnapshot {
    /// Durations that are not told apart.
    struct Bucket {
        std::chrono::nanoseconds upper;  ///< the longest duration that is counted here
        std::uint64_t count;             ///< how many they are
    };

    std::vector<Bucket> buckets;         ///< those that are not empty
    std::uint64_t count = 0;             ///< of all durations
    std::chrono::nanoseconds sum{};      ///< exact, unlike the buckets
    std::chrono::nanoseconds longest{};  ///< exact, too

    /// What `share` of the durations, from 0 to 1, do not exceed: 0.5 for the median. 0 if there
    /// are none.
    std::chrono::nanoseconds quantile(double share) const;

    /// Exact but for the fraction; 0 if there are none.
    std::chrono::nanoseconds mean() const;

    /// Adds what another one has counted.
    void merge(const HistogramSnapshot& other);

    /// What was recorded after `earlier`, a snapshot of the same Histogram. The longest of that is
    /// known as exactly as any bucket.
    HistogramSnapshot since(const HistogramSnapshot& earlier) const;
};

/// {"count", "mean", "p50", "p90", "p99", "p999", "max"}, the latter six in seconds.
void to_json(json& out, const HistogramSnapshot& histogram);

/// Counts durations, in memory that does not grow: 10 KiB. Anything above 1.2 hours counts as that.
///
/// Buckets are those of HdrHistogram: 32 of equal width for each power of two.
///
/// Threads:  any number may record at the same time, without a lock, while others take snapshots.
class Histogram {
  public:
    /// Counts one; a negative duration as 0.
    void record(std::chrono::nanoseconds duration) noexcept;

    /// What has been recorded; durations that are being recorded may be in it or not.
    HistogramSnapshot snapshot() const;

  private:
    static constexpr std::size_t bucket_count = 32 * 38;

    std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
    std::atomic<std::int64_t> sum_{0};
    std::atomic<std::int64_t> longest_{0};
};

}  // namespace jsocket
