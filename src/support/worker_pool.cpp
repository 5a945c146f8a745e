// SPDX-License-Identifier: Apache-2.0
#include "support/worker_pool.hpp"

#include "support/heap.hpp"

#include <chrono>
#include <utility>

namespace jsocket {
namespace {

// Long enough for the next client of a busy server, short enough to leave nothing behind.
constexpr std::chrono::seconds patience(2);

}  // namespace

void WorkerPool::run(Job job, const std::atomic<std::size_t>& needed) {
    join_ended();
    {
        const Lock lock(mutex_);
        if (waiting_ <= jobs_.size() && workers_.size() < needed) return start(std::move(job));
        jobs_.push_back(std::move(job));
    }
    job_.notify_one();
}

void WorkerPool::finish() {
    {
        const Lock lock(mutex_);
        finishing_ = true;
        job_.notify_all();
        while (!workers_.empty()) empty_.wait(mutex_);
    }
    join_ended();
}

void WorkerPool::start(Job job) {
    const auto self = workers_.emplace(workers_.end());
    try {
        // The thread looks at its place in the list with the mutex held, after this is done.
        self->thread.emplace(stack_size_, [this, self, job = std::move(job)]() mutable {
            work(self, std::move(job));
        });
    } catch (...) {
        workers_.erase(self);
        throw;
    }
}

void WorkerPool::work(Workers::iterator self, Job job) {
    for (std::optional<Job> next = std::move(job); next; next = next_job(self)) {
        (*next)();
        next.reset();  // what it owns, such as a socket, is not to wait for the next job
    }
    trim_heap();  // nobody is in a hurry
}

/// Empty, with the thread in ended_, if there is none for it.
std::optional<WorkerPool::Job> WorkerPool::next_job(Workers::iterator self) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    const Lock lock(mutex_);
    ++waiting_;
    while (jobs_.empty() && !finishing_ &&
           job_.wait_until(mutex_, deadline) == std::cv_status::no_timeout) {
    }
    --waiting_;
    if (!jobs_.empty()) {
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        return job;
    }
    ended_.splice(ended_.end(), workers_, self);
    if (workers_.empty()) empty_.notify_all();
    return std::nullopt;
}

void WorkerPool::join_ended() {
    Workers ended;
    {
        const Lock lock(mutex_);
        ended.swap(ended_);
    }
    for (Worker& worker : ended) worker.thread->join();
}

}  // namespace jsocket
