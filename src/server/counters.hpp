// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/stats.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace jsocket {

/// Seconds since 1970, to a few milliseconds: the clock that costs no system call.
double unix_time();

/// A number that one thread counts and others read, without a lock.
template <typename T>
class Counter {
  public:
    void operator+=(T amount) { set(get() + amount); }
    void operator-=(T amount) { set(get() - amount); }
    void set(T value) { value_.store(value, std::memory_order_relaxed); }
    T get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<T> value_{};
};

/// What one connection has done, counted by the thread that serves it.
struct Counters {
    Counter<std::uint64_t> messages_in;
    Counter<std::uint64_t> messages_out;
    Counter<std::uint64_t> bytes_in;
    Counter<std::uint64_t> bytes_out;
    Counter<double> last_message;  // Unix time; 0 if there was none
    std::array<Counter<std::uint64_t>, failure_count> failures;

    // Of replies that other threads send: any number of them count here.
    std::atomic<std::uint64_t> late_messages_out{0};
    std::atomic<std::uint64_t> late_bytes_out{0};
};

}  // namespace jsocket
