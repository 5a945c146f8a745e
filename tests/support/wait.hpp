// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <thread>

/// What tests share. It leans on nothing of the library, so that no bug hides behind itself.
namespace test_support {

/// How long a test waits for what should happen at once, before it calls it a failure: long enough
/// for a loaded machine under a sanitizer.
inline constexpr std::chrono::milliseconds patience = std::chrono::seconds(10);

/// Looks at `condition` again and again until it holds or `timeout` has passed; says whether it
/// holds. For what no call can wait for: other threads' counters, /proc.
///
///     ASSERT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 2; }));
inline bool wait_until(const std::function<bool()>& condition,
                       std::chrono::milliseconds timeout = patience) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return condition();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

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
