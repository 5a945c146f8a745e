// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"
#include "support/worker_pool.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>

namespace jsocket {

/// Threads for the calls of many connections: one for each connection, and a limited number that
/// all share. Each connection has a Lane of jobs, which start in their order.
///
/// A lane that runs nothing gets a thread at once, whatever others do. It gets one of the shared
/// threads only while it has fewer of them than are free. A thread that becomes free goes to the
/// lane that runs least.
///
/// Threads:  every member may be called from any thread.
/// Lifetime: finish() before the last owner lets go. Lanes may outlive that call.
class CallPool : public std::enable_shared_from_this<CallPool> {
  public:
    /// Must not throw.
    using Job = std::function<void()>;

    class Lane;

    /// Starts no thread yet.
    CallPool(std::size_t shared_threads, std::size_t stack_size);

    /// A new lane, whose jobs need so much stack. While its backlog is above `max_backlog`, none of
    /// its jobs starts. Throws UsageError if the threads are there already and have less stack.
    std::shared_ptr<Lane> open(std::size_t stack_size, std::size_t max_backlog);

    /// Ends the threads. Every lane has to be finished.
    void finish();

  private:
    struct LeastBusy {
        bool operator()(const Lane* a, const Lane* b) const noexcept;
    };
    using Lanes = std::set<Lane*, LeastBusy>;

    void run(Lane& lane, Job job);
    void work(std::shared_ptr<Lane> lane, Job job) noexcept;
    void call_helper() noexcept;
    void help() noexcept;
    bool admit(Lane& lane, Job& job);
    bool take(std::shared_ptr<Lane>& lane, Job& job) JSOCKET_REQUIRES(mutex_);
    Lane* next() const JSOCKET_REQUIRES(mutex_);
    bool has_thread_for(const Lane& lane) const JSOCKET_REQUIRES(mutex_);
    void change_running(Lane& lane, int change) JSOCKET_REQUIRES(mutex_);
    void count_threads() JSOCKET_REQUIRES(mutex_);
    void list(Lane& lane) JSOCKET_REQUIRES(mutex_);
    void unlist(Lane& lane) JSOCKET_REQUIRES(mutex_);
    WorkerPool& threads();

    Mutex mutex_;
    Condition ended_;                              // a job of some lane
    std::size_t free_ JSOCKET_GUARDED_BY(mutex_);  // of the shared threads
    std::size_t stack_size_ JSOCKET_GUARDED_BY(mutex_);
    std::uint64_t last_turn_ JSOCKET_GUARDED_BY(mutex_) = 0;
    std::size_t running_ JSOCKET_GUARDED_BY(mutex_) = 0;     // jobs of all lanes
    bool helper_called_ JSOCKET_GUARDED_BY(mutex_) = false;  // and has yet to look for a job
    // Those two, as they are when mutex_ is not held: a thread that ends a job and takes the next
    // one is needed all the time.
    std::atomic<std::size_t> threads_needed_{0};
    Lanes waiting_ JSOCKET_GUARDED_BY(mutex_);  // those with jobs that may start
    std::atomic<std::size_t> waiting_count_{0};
    std::optional<WorkerPool> threads_ JSOCKET_GUARDED_BY(mutex_);  // set once
};

/// The jobs of one connection, and its backlog: bytes that it has yet to send.
class CallPool::Lane : public std::enable_shared_from_this<Lane> {
  public:
    Lane(std::shared_ptr<CallPool> pool, std::size_t max_backlog);
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    /// Starts `job`, now or later. Throws std::system_error if there is no thread to be had.
    void run(Job job) { pool_->run(*this, std::move(job)); }

    /// Should a job that goes on for long let others have its thread, and come again?
    bool should_yield() const noexcept {
        return !closed_.load() && (paused_.load() || pool_->waiting_count_.load() > 0);
    }

    /// Does nothing run, and nothing start until the backlog is smaller?
    bool stalled() const noexcept;

    void add_backlog(std::size_t bytes) noexcept;
    void remove_backlog(std::size_t bytes) noexcept;

    /// Runs on this thread what has not begun, and waits for the rest. Nothing is to come after it.
    void finish() noexcept;

  private:
    friend class CallPool;

    void review() noexcept;

    const std::shared_ptr<CallPool> pool_;
    const std::size_t max_backlog_;
    std::atomic<std::size_t> backlog_{0};
    std::atomic<bool> paused_{false};
    std::atomic<bool> closed_{false};

    // Guarded by the pool's mutex.
    std::deque<Job> jobs_;
    std::size_t running_ = 0;
    std::uint64_t turn_ = 0;  // of those that run as much the one that waits longest comes first
    Lanes::node_type node_;   // while it does not wait: so that waiting needs no memory
};

}  // namespace jsocket
