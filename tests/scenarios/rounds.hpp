// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <random>
#include <thread>
#include <vector>

/// What tests share that try many interleavings of a few short calls.
namespace test_support {

/// How often each of them is tried.
inline constexpr int rounds = 1'000;

/// Random numbers that are the same in each run.
using Random = std::minstd_rand;

inline int pick(Random& random, int size) {
    return std::uniform_int_distribution<int>(0, size - 1)(random);
}

/// Lets other threads go first so many times.
inline void step_back(int times) {
    for (int i = 0; i < times; ++i) std::this_thread::yield();
}

/// As wait_until(), for what is a matter of microseconds.
inline bool yield_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Makes all calls at the same time, each on a thread of its own and after a random delay of some
/// microseconds. An exception that leaves one fails the test.
inline void all_at_once(Random& random, const std::vector<std::function<void()>>& calls) {
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (const auto& call : calls) {
        threads.emplace_back([&go, &call, delay = pick(random, 30)] {
            while (!go) std::this_thread::yield();
            step_back(delay);
            try {
                call();
            } catch (const std::exception& error) {
                ADD_FAILURE() << "a call threw " << error.what();
            }
        });
    }
    go = true;
    for (std::thread& thread : threads) thread.join();
}

}  // namespace test_support
