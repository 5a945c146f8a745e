// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <latch>
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

/// Does nothing for so long, without giving the processor away.
inline void idle(std::chrono::microseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) continue;
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
inline void all_at_once(Random& random, std::vector<std::function<void()>> calls) {
    // The last to be ready is often the first to go: it does not have to be woken.
    std::shuffle(calls.begin(), calls.end(), random);
    std::latch ready(std::ptrdiff_t(calls.size()));
    std::vector<std::thread> threads;
    for (const auto& call : calls) {
        threads.emplace_back([&ready, &call, delay = pick(random, 100)] {
            ready.arrive_and_wait();
            idle(std::chrono::microseconds(delay));
            try {
                call();
            } catch (const std::exception& error) {
                ADD_FAILURE() << "a call threw " << error.what();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace test_support
