// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <sched.h>

namespace jsocket {

/// Decides whether a thread that waits for its peer looks for data again and again before it
/// sleeps.
///
/// It pays while the peer answers sooner than a sleeping thread is woken, and costs others their
/// time when more threads are awake than there are processors.
class Spin {
  public:
    using Clock = std::chrono::steady_clock;

    /// For at most `limit` each time; never if it is 0.
    explicit Spin(std::chrono::microseconds limit);
    ~Spin();
    Spin(const Spin&) = delete;
    Spin& operator=(const Spin&) = delete;

    /// What `attempt`, which does not wait, returns once it is not empty; empty if that is not
    /// soon.
    template <typename Attempt>
    auto try_for_a_while(Attempt attempt, Deadline deadline = no_deadline) -> decltype(attempt()) {
        if (!promising()) return {};
        const auto end = std::min(Clock::now() + limit_, deadline);
        for (;;) {
            if (auto result = attempt()) {
                in_vain_ = 0;
                return result;
            }
            if (Clock::now() >= end) break;
            ::sched_yield();  // the peer may be waiting for this processor
        }
        in_vain_ = std::min(2 * in_vain_ + 1, most_skipped);
        to_skip_ = in_vain_;
        return {};
    }

    /// Calls `wait`, which waits for the same.
    template <typename Wait>
    auto sleep(Wait wait) -> decltype(wait()) {
        if (!enabled()) return wait();
        const Asleep asleep(*this);
        return wait();
    }

  private:
    /// While one lives, the thread is not counted as awake; measures for how long.
    class Asleep {
      public:
        explicit Asleep(Spin& spin) : spin_(spin) { --awake; }
        ~Asleep() {
            ++awake;
            spin_.quick_ = Clock::now() - begin_ <= wake_up_time + spin_.limit_;
        }
        Asleep(const Asleep&) = delete;
        Asleep& operator=(const Asleep&) = delete;

      private:
        Spin& spin_;
        const Clock::time_point begin_ = Clock::now();
    };

    // What sleeping adds to a wait: waking this thread and, as it answers late, its peer.
    static constexpr std::chrono::microseconds wake_up_time{50};

    bool enabled() const { return limit_ > std::chrono::microseconds::zero(); }
    bool promising() {
        if (!quick_ || awake.load(std::memory_order_relaxed) > processors_) return false;
        if (to_skip_ == 0) return true;
        --to_skip_;
        return false;
    }

    // A peer that always answers a little too late is spun for once in so many waits.
    static constexpr int most_skipped = 63;

    static std::atomic<int> awake;  // threads with a Spin that are not in sleep()

    const std::chrono::microseconds limit_;
    const int processors_;
    bool quick_ = false;  // did the latest wait end soon?
    int in_vain_ = 0;     // 2^n - 1 after n spins in vain
    int to_skip_ = 0;     // waits that are not spun for
};

}  // namespace jsocket
