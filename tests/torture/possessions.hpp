// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "socket/address.hpp"
#include "support/descriptors.hpp"
#include "support/fake_resolver.hpp"
#include "support/wait.hpp"
#include "torture/calls.hpp"
#include "torture/faults.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <set>

namespace test_support {

/// What the process has, and has to have again when the servers and clients that a fault happened
/// to are gone.
class Possessions {
  public:
    void expect_the_same_again() const {
        wait_until([&] { return same() || (look_up_a_name(), same()); });
        EXPECT_EQ(live_allocations(), memory_) << "memory has leaked";
        EXPECT_EQ(open_descriptors(), descriptors_);
        EXPECT_EQ(wrong_closes(), 0);
        // Threads that have been joined may still be listed for a moment, now as well as then.
        EXPECT_TRUE(wait_until([&] { return count_threads() <= threads_; }));
    }

  private:
    bool same() const {
        return live_allocations() == memory_ && open_descriptors() == descriptors_;
    }

    /// A lookup that its caller has given up is joined by a later one, once it has ended.
    static void look_up_a_name() {
        jsocket::resolve({two_addresses_name, 1}, jsocket::deadline_after(patience), nullptr);
    }

    static long count_threads() {
        using Directory = std::filesystem::directory_iterator;
        return std::distance(Directory("/proc/self/task"), Directory());
    }

    const std::set<int> descriptors_ = open_descriptors();
    const long threads_ = count_threads();
    const long memory_ = live_allocations();
};

}  // namespace test_support
