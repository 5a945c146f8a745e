// SPDX-License-Identifier: Apache-2.0
#include "rpc/timer.hpp"

#include <chrono>

namespace jsocket::rpc {

Timer::~Timer() {
    std::optional<Thread> thread;
    {
        const Lock lock(mutex_);
        ending_ = true;
        earlier_.notify_all();
        if (thread_) thread.emplace(std::move(*thread_));
        thread_.reset();
    }
    if (thread) thread->join();
}

Timer::Handle Timer::schedule(Deadline deadline, std::function<void()> function) {
    const Lock lock(mutex_);
    if (!thread_) thread_.emplace(stack_size_, [this] { run(); });
    const Handle handle(deadline, ++last_);
    functions_.emplace(handle, std::move(function));
    // Usually what is due first was cancelled long ago: the thread sleeps on until that deadline,
    // so that calls that are answered in time wake up nobody.
    if (deadline < next_wake_) earlier_.notify_all();
    return handle;
}

void Timer::cancel(const Handle& handle) noexcept {
    decltype(functions_)::node_type gone;  // destroyed without the lock
    const Lock lock(mutex_);
    gone = functions_.extract(handle);
}

void Timer::run() {
    for (;;) {
        std::function<void()> due;
        {
            const Lock lock(mutex_);
            while (!ending_ && (functions_.empty() || functions_.begin()->first.first >
                                                          std::chrono::steady_clock::now())) {
                next_wake_ = functions_.empty() ? no_deadline : functions_.begin()->first.first;
                earlier_.wait_until(mutex_, next_wake_);
            }
            if (ending_) return;
            due = std::move(functions_.begin()->second);
            functions_.erase(functions_.begin());
        }
        due();
    }
}

}  // namespace jsocket::rpc
