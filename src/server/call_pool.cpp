// SPDX-License-Identifier: Apache-2.0
#include "server/call_pool.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <tuple>
#include <utility>

namespace jsocket {

bool CallPool::LeastBusy::operator()(const Lane* a, const Lane* b) const noexcept {
    return std::tie(a->running_, a->turn_) < std::tie(b->running_, b->turn_);
}

/// Of the threads that run jobs of a lane, those that count as shared.
constexpr std::size_t shared_of(std::size_t running) { return running > 0 ? running - 1 : 0; }

CallPool::CallPool(std::size_t shared_threads, std::size_t stack_size)
    : free_(shared_threads), stack_size_(stack_size) {}

std::shared_ptr<CallPool::Lane> CallPool::open(std::size_t stack_size, std::size_t max_backlog) {
    auto lane = std::make_shared<Lane>(shared_from_this(), max_backlog);
    const Lock lock(mutex_);
    if (threads_ && stack_size > stack_size_) {
        throw UsageError("stack_size of the methods is " + std::to_string(stack_size) +
                         ", but the server's threads for methods have been started with " +
                         std::to_string(stack_size_));
    }
    stack_size_ = std::max(stack_size_, stack_size);
    return lane;
}

void CallPool::finish() {
    WorkerPool* threads = nullptr;
    {
        const Lock lock(mutex_);
        if (threads_) threads = &*threads_;
    }
    if (threads) threads->finish();
}

WorkerPool& CallPool::threads() {
    const Lock lock(mutex_);
    if (!threads_) threads_.emplace(stack_size_);
    return *threads_;
}

/// Counts the job as one that runs. If it has to wait, moves it to the others and returns false.
bool CallPool::admit(Lane& lane, Job& job) {
    const Lock lock(mutex_);
    if (!lane.jobs_.empty() || !has_thread_for(lane)) {
        lane.jobs_.push_back(std::move(job));
        list(lane);
        return false;
    }
    change_running(lane, 1);
    count_threads();
    return true;
}

void CallPool::run(Lane& lane, Job job) {
    if (!admit(lane, job)) return call_helper();  // an earlier one may have failed to start
    try {
        threads().run([this, owner = lane.shared_from_this(),
                       job = std::move(job)]() mutable { work(std::move(owner), std::move(job)); },
                      threads_needed_);
    } catch (...) {
        {
            const Lock lock(mutex_);
            change_running(lane, -1);
            count_threads();
        }
        call_helper();  // another lane may have been refused that thread
        throw;
    }
}

/// On a thread of the pool: runs this job, and then others as long as there are any.
void CallPool::work(std::shared_ptr<Lane> lane, Job job) noexcept {
    for (bool more = true; more;) {
        job();
        job = nullptr;  // before the lane may be found finished
        {
            // One critical section: no new job gets this thread before those that wait.
            const Lock lock(mutex_);
            change_running(*lane, -1);
            more = take(lane, job);
            count_threads();
        }
        if (more) call_helper();
    }
}

/// If another job may start, has a further thread look for it.
void CallPool::call_helper() noexcept {
    {
        const Lock lock(mutex_);
        if (helper_called_ || next() == nullptr) return;
        helper_called_ = true;
        count_threads();
    }
    try {
        threads().run([this] { help(); }, threads_needed_);
    } catch (const std::exception&) {  // no thread, or no memory
        // Whoever ends or adds a job calls again, and finish() runs what is left.
        const Lock lock(mutex_);
        helper_called_ = false;
        count_threads();
    }
}

void CallPool::help() noexcept {
    std::shared_ptr<Lane> lane;
    Job job;
    {
        const Lock lock(mutex_);
        helper_called_ = false;
        const bool found = take(lane, job);
        count_threads();
        if (!found) return;
    }
    call_helper();
    work(std::move(lane), std::move(job));
}

/// The next job, if one may start.
bool CallPool::take(std::shared_ptr<Lane>& lane, Job& job) {
    Lane* const chosen = next();
    if (chosen == nullptr) return false;
    job = std::move(chosen->jobs_.front());
    chosen->jobs_.pop_front();
    change_running(*chosen, 1);
    lane = chosen->shared_from_this();
    return true;
}

/// The lane whose turn it is, if it may start a job.
CallPool::Lane* CallPool::next() const {
    if (waiting_.empty() || !has_thread_for(**waiting_.begin())) return nullptr;
    return *waiting_.begin();
}

bool CallPool::has_thread_for(const Lane& lane) const {
    if (lane.paused_.load()) return false;
    return lane.running_ == 0 || shared_of(lane.running_) < free_;
}

void CallPool::change_running(Lane& lane, int change) {
    unlist(lane);
    free_ += shared_of(lane.running_);
    lane.running_ += static_cast<std::size_t>(change);  // modulo 2^64
    running_ += static_cast<std::size_t>(change);
    free_ -= shared_of(lane.running_);
    list(lane);
    if (change < 0) ended_.notify_all();
}

/// Before mutex_ is given back, when what it counts has changed.
void CallPool::count_threads() { threads_needed_ = running_ + (helper_called_ ? 1 : 0); }

/// If it has what may start.
void CallPool::list(Lane& lane) {
    if (lane.jobs_.empty() || lane.paused_.load() || lane.node_.empty()) return;
    lane.turn_ = ++last_turn_;
    waiting_.insert(std::move(lane.node_));
    ++waiting_count_;
}

void CallPool::unlist(Lane& lane) {
    if (!lane.node_.empty()) return;
    lane.node_ = waiting_.extract(&lane);
    --waiting_count_;
}

CallPool::Lane::Lane(std::shared_ptr<CallPool> pool, std::size_t max_backlog)
    : pool_(std::move(pool)), max_backlog_(max_backlog) {
    Lanes lanes{this};
    node_ = lanes.extract(lanes.begin());
}

bool CallPool::Lane::stalled() const noexcept {
    const Lock lock(pool_->mutex_);
    return running_ == 0 && paused_.load();
}

void CallPool::Lane::add_backlog(std::size_t bytes) noexcept {
    const std::size_t before = backlog_.fetch_add(bytes);
    if (before <= max_backlog_ && before + bytes > max_backlog_) review();
}

void CallPool::Lane::remove_backlog(std::size_t bytes) noexcept {
    const std::size_t before = backlog_.fetch_sub(bytes);
    if (before > max_backlog_ && before - bytes <= max_backlog_) review();
}

/// Several threads may change the backlog. The last one to get the lock sees the final value.
void CallPool::Lane::review() noexcept {
    {
        const Lock lock(pool_->mutex_);
        paused_ = backlog_.load() > max_backlog_;
        pool_->unlist(*this);
        pool_->list(*this);
    }
    pool_->call_helper();
}

void CallPool::Lane::finish() noexcept {
    closed_ = true;
    for (;;) {
        Job job;
        {
            const Lock lock(pool_->mutex_);
            pool_->unlist(*this);
            if (jobs_.empty() && running_ == 0) return;
            if (jobs_.empty()) {
                pool_->ended_.wait(pool_->mutex_);
                continue;  // what has ended may have come again
            }
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

}  // namespace jsocket
