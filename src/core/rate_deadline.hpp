// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace jsocket {

/// The moment by which a transfer has to end or to have gone on: each byte puts it off by its time
/// at the lowest rate, but never beyond the allowance from now. So a peer that falls below the rate
/// is cut when it has been below it for as long as the allowance, however fast it was before.
class RateDeadline {
  public:
    using Clock = std::chrono::steady_clock;

    /// With `rate` 0, in bytes a second, bytes put nothing off.
    RateDeadline(std::chrono::milliseconds allowance, std::size_t rate,
                 Clock::time_point now = Clock::now())
        : allowance_(allowance), rate_(rate), end_(allowance_from(now)) {}

    /// `bytes` have moved.
    void advance(std::size_t bytes, Clock::time_point now = Clock::now()) {
        if (rate_ == 0 || end_ == no_deadline) return;
        const Deadline latest = allowance_from(now);
        // No more than an hour's worth of them counts, so that the product has 64 bits.
        const std::uint64_t counted = std::min<std::uint64_t>(bytes, std::uint64_t{3600} * rate_);
        const std::chrono::microseconds earned(1'000'000 * counted / rate_);
        end_ = earned < latest - end_ ? end_ + earned : latest;
    }

    Deadline end() const { return end_; }

  private:
    Deadline allowance_from(Clock::time_point now) const {
        const auto room = std::chrono::floor<std::chrono::milliseconds>(no_deadline - now);
        return allowance_ < room ? now + allowance_ : no_deadline;
    }

    std::chrono::milliseconds allowance_;
    std::size_t rate_;
    Deadline end_;
};

}  // namespace jsocket
