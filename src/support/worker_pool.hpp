// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"
#include "support/thread.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <utility>

namespace jsocket {

/// As many threads as there are jobs at a time; one that is done waits a moment for another job,
/// which spares a server with short connections most of the cost of starting threads.
///
/// Threads:  run() on any thread, also in a job; finish() when nobody else calls run() any more.
/// Lifetime: finish() before it is destroyed.
class WorkerPool {
  public:
    using Job = std::function<void()>;

    explicit WorkerPool(std::size_t stack_size) : stack_size_(stack_size) {}

    /// Starts `job`, which must not throw, at once. Throws std::system_error if there is no thread
    /// to be had.
    void run(Job job) { run(std::move(job), no_limit); }

    /// The same for a caller who knows how many threads are needed, `job` included. If there are as
    /// many, one of them has just ended its job, or is about to, and takes this one.
    void run(Job job, const std::atomic<std::size_t>& needed);

    /// Waits for all jobs and ends all threads.
    void finish();

  private:
    struct Worker {
        std::optional<Thread> thread;
    };
    using Workers = std::list<Worker>;

    static inline const std::atomic<std::size_t> no_limit{std::numeric_limits<std::size_t>::max()};

    void start(Job job) JSOCKET_REQUIRES(mutex_);
    void work(Workers::iterator self, Job job);
    std::optional<Job> next_job(Workers::iterator self);
    void join_ended();

    const std::size_t stack_size_;

    Mutex mutex_;
    Condition job_;    // one has come, or finish() was called
    Condition empty_;  // workers_ is
    Workers workers_ JSOCKET_GUARDED_BY(mutex_);
    Workers ended_ JSOCKET_GUARDED_BY(mutex_);  // to be joined
    std::deque<Job> jobs_ JSOCKET_GUARDED_BY(mutex_);
    std::size_t waiting_ JSOCKET_GUARDED_BY(mutex_) = 0;  // threads without a job
    bool finishing_ JSOCKET_GUARDED_BY(mutex_) = false;
};

}  // namespace jsocket
