// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/testing/wait.hpp>

#include <chrono>

namespace test_support {

using jsocket::testing::patience;
using jsocket::testing::wait_until;

/// Time since it was made, for "at once" and "not before".
class Stopwatch {
  public:
    std::chrono::milliseconds elapsed() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - start_);
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace test_support
