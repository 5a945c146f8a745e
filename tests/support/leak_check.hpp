// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/descriptors.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <set>

namespace test_support {

/// A fixture whose tests have to give back every file descriptor they take, and to let no program
/// that is started meanwhile inherit one. What a test holds has to be a member of its fixture, or
/// in the test itself.
class LeakCheck : public ::testing::Test {
  protected:
    ~LeakCheck() override {
        EXPECT_TRUE(wait_until([this] { return open_descriptors() == open_before_; }))
            << open_before_.size() << " file descriptors have become " << open_descriptors().size();
    }

    /// What has been opened since the test began.
    std::set<int> new_descriptors() const {
        std::set<int> fresh = open_descriptors();
        for (const int fd : open_before_) fresh.erase(fd);
        return fresh;
    }

    void expect_nothing_inheritable() const {
        for (const int fd : inheritable_descriptors()) {
            EXPECT_TRUE(inheritable_before_.contains(fd)) << fd;
        }
    }

  private:
    const std::set<int> open_before_ = open_descriptors();
    const std::set<int> inheritable_before_ = inheritable_descriptors();
};

}  // namespace test_support
