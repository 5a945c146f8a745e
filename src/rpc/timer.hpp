// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"
#include "support/thread.hpp"

#include <jsocket/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

namespace jsocket::rpc {

/// Calls functions at their deadlines, from a thread of its own, which is there once it is needed.
///
/// Threads:  all members may be called from any thread, and from the functions.
/// Lifetime: the destructor waits for a function that runs, and leaves out the others.
class Timer {
  public:
    using Handle = std::pair<Deadline, std::uint64_t>;

    explicit Timer(std::size_t stack_size) : stack_size_(stack_size) {}
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// `function` must not throw. Throws std::system_error if there is no thread to be had.
    Handle schedule(Deadline deadline, std::function<void()> function);

    /// The function is not called any more, unless it has begun.
    void cancel(const Handle& handle) noexcept;

  private:
    void run();

    const std::size_t stack_size_;
    Mutex mutex_;
    Condition earlier_;  // than next_wake_ something is due, or ending_
    std::map<Handle, std::function<void()>> functions_ JSOCKET_GUARDED_BY(mutex_);
    Deadline next_wake_ JSOCKET_GUARDED_BY(mutex_) = no_deadline;
    std::uint64_t last_ JSOCKET_GUARDED_BY(mutex_) = 0;
    bool ending_ JSOCKET_GUARDED_BY(mutex_) = false;
    std::optional<Thread> thread_ JSOCKET_GUARDED_BY(mutex_);
};

}  // namespace jsocket::rpc
