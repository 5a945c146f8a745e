// SPDX-License-Identifier: Apache-2.0
#include "core/make_object.hpp"

#include <jsocket/histogram.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace jsocket {
namespace {

using std::chrono::nanoseconds;

constexpr unsigned precision_bits = 5;  // 32 buckets for each power of two
constexpr std::uint64_t sub_buckets = 1U << precision_bits;
constexpr unsigned largest_bits = 42;  // 2^42 ns are 1.2 hours
constexpr std::uint64_t largest = (std::uint64_t{1} << largest_bits) - 1;

/// A number below 32 is its own bucket; of a larger one the highest bit and the five after it
/// count.
std::size_t bucket_of(std::uint64_t value) {
    if (value < sub_buckets) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - precision_bits;
    return (shift + 1) * sub_buckets + ((value >> shift) - sub_buckets);
}

nanoseconds upper_of(std::size_t bucket) {
    if (bucket < sub_buckets) return nanoseconds(bucket);
    const auto shift = bucket / sub_buckets - 1;
    const std::uint64_t lower = (bucket % sub_buckets + sub_buckets) << shift;
    return nanoseconds(lower + (std::uint64_t{1} << shift) - 1);
}

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

nanoseconds HistogramSnapshot::quantile(double share) const {
    const auto rank = static_cast<std::uint64_t>(
        std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count)));
    std::uint64_t seen = 0;
    for (const Bucket& bucket : buckets) {
        seen += bucket.count;
        if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min(bucket.upper, longest);
    }
    return longest;
}

nanoseconds HistogramSnapshot::mean() const {
    return count == 0 ? nanoseconds::zero() : sum / static_cast<std::int64_t>(count);
}

void HistogramSnapshot::merge(const HistogramSnapshot& other) {
    std::vector<Bucket> merged;
    auto ours = buckets.begin();
    auto theirs = other.buckets.begin();
    while (ours != buckets.end() || theirs != other.buckets.end()) {
        const bool take_ours = theirs == other.buckets.end() ||
                               (ours != buckets.end() && ours->upper <= theirs->upper);
        if (take_ours && theirs != other.buckets.end() && ours->upper == theirs->upper) {
            merged.push_back({ours->upper, ours->count + theirs->count});
            ++ours;
            ++theirs;
        } else {
            merged.push_back(take_ours ? *ours++ : *theirs++);
        }
    }
    buckets = std::move(merged);
    count += other.count;
    sum += other.sum;
    longest = std::max(longest, other.longest);
}

HistogramSnapshot HistogramSnapshot::since(const HistogramSnapshot& earlier) const {
    HistogramSnapshot result;
    auto theirs = earlier.buckets.begin();
    for (const Bucket& ours : buckets) {
        while (theirs != earlier.buckets.end() && theirs->upper < ours.upper) ++theirs;
        const bool known = theirs != earlier.buckets.end() && theirs->upper == ours.upper;
        const std::uint64_t before = known ? theirs->count : 0;
        if (ours.count <= before) continue;
        result.buckets.push_back({ours.upper, ours.count - before});
        result.count += ours.count - before;
    }
    result.sum = sum - earlier.sum;
    if (result.count > 0) result.longest = std::min(longest, result.buckets.back().upper);
    return result;
}

void to_json(json& out, const HistogramSnapshot& histogram) {
    out = make_object("count", histogram.count, "mean", seconds(histogram.mean()), "p50",
                      seconds(histogram.quantile(0.5)), "p90", seconds(histogram.quantile(0.9)),
                      "p99", seconds(histogram.quantile(0.99)), "p999",
                      seconds(histogram.quantile(0.999)), "max", seconds(histogram.longest));
}

void Histogram::record(nanoseconds duration) noexcept {
    const auto value = static_cast<std::uint64_t>(
        std::clamp<std::int64_t>(duration.count(), 0, static_cast<std::int64_t>(largest)));
    static_assert((largest_bits - precision_bits + 1) * sub_buckets == bucket_count);
    buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
    const auto counted = static_cast<std::int64_t>(value);
    sum_.fetch_add(counted, std::memory_order_relaxed);
    std::int64_t before = longest_.load(std::memory_order_relaxed);
    while (counted > before &&
           !longest_.compare_exchange_weak(before, counted, std::memory_order_relaxed)) {
    }
}

HistogramSnapshot Histogram::snapshot() const {
    HistogramSnapshot result;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        const std::uint64_t count = buckets_[i].load(std::memory_order_relaxed);
        if (count == 0) continue;
        result.buckets.push_back({upper_of(i), count});
        result.count += count;
    }
    result.sum = nanoseconds(sum_.load(std::memory_order_relaxed));
    result.longest = nanoseconds(longest_.load(std::memory_order_relaxed));
    return result;
}

}  // namespace jsocket
