// SPDX-License-Identifier: Apache-2.0
#include <jsocket/deadline.hpp>
#include <jsocket/testing/wait.hpp>

#include <algorithm>
#include <thread>

namespace jsocket::testing {
namespace {

using std::chrono::microseconds;

constexpr microseconds shortest_pause(20);
constexpr microseconds longest_pause(1000);
constexpr int part = 10;

}  // namespace

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds timeout) {
    const auto start = std::chrono::steady_clock::now();
    const Deadline deadline = deadline_after(timeout);
    while (!condition()) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= deadline) return condition();
        const auto waited = std::chrono::duration_cast<microseconds>(now - start);
        std::this_thread::sleep_for(std::clamp(waited / part, shortest_pause, longest_pause));
    }
    return true;
}

}  // namespace jsocket::testing
