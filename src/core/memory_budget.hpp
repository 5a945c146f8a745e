// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"

#include <jsocket/deadline.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <utility>

namespace jsocket {

class MemoryAccount;

/// A quarter of the memory that this process may use: of the machine's, or of the limit of its
/// control group if that is less.
std::size_t default_memory_budget();

/// How much memory the connections of one server hold for their clients, and what happens when it
/// is too much.
///
/// Above the soft limit, three quarters of the hard one, connections that hold more than the
/// average are not read from. Above the hard limit the connection that holds most is cut, then the
/// next one, until what the others hold is within it.
///
/// Threads: every member may be called from any thread.
class MemoryBudget {
  public:
    /// In bytes.
    explicit MemoryBudget(std::size_t hard_limit) : hard_(hard_limit), soft_(hard_limit / 4 * 3) {}

    std::size_t hard_limit() const noexcept { return hard_; }

    /// What all accounts hold.
    std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

    /// Has every thread that waits in MemoryAccount::wait_for_room() look again at why it waits.
    void wake_all() noexcept;

  private:
    friend class MemoryAccount;
    friend class MemoryHold;
    using Accounts = std::list<MemoryAccount*>;

    Accounts::iterator add(MemoryAccount& account);
    void change(MemoryAccount& account, std::ptrdiff_t bytes) noexcept;
    bool exceeded() const noexcept;
    void settle(MemoryAccount& account) noexcept;
    bool cut_largest(const MemoryAccount& growing) noexcept;

    const std::size_t hard_;
    const std::size_t soft_;
    std::atomic<std::size_t> held_{0};
    std::atomic<std::size_t> doomed_{0};  // of held_: what accounts that were cut give back soon
    std::atomic<std::size_t> count_{0};   // of accounts
    std::atomic<int> waiting_{0};
    Mutex mutex_;
    Condition room_;
    Accounts accounts_ JSOCKET_GUARDED_BY(mutex_);
};

/// What one connection holds of a budget.
///
/// Threads: every member may be called from any thread.
class MemoryAccount {
  public:
    /// `cut` ends the connection from another thread, without waiting; it must not throw.
    MemoryAccount(std::shared_ptr<MemoryBudget> budget, std::function<void()> cut);
    ~MemoryAccount();
    MemoryAccount(const MemoryAccount&) = delete;
    MemoryAccount& operator=(const MemoryAccount&) = delete;

    /// The connection is about to be destroyed: `cut` is not called from now on.
    void retire() noexcept;

    std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

    /// Was the connection cut for what it held?
    bool exceeded() const noexcept { return doomed_.load(std::memory_order_acquire) > 0; }

    /// May the connection be read from? Not above the soft limit, if it holds more than others.
    bool may_read() const noexcept;

    /// Waits until it may be read from or `ended` returns true, at most until `deadline`. Is there
    /// room now?
    bool wait_for_room(Deadline deadline, const std::function<bool()>& ended) noexcept;

    /// Has wait_for_room() look at `ended` again.
    void wake() noexcept;

  private:
    friend class MemoryBudget;
    friend class MemoryHold;

    bool is_large() const noexcept;
    void change(std::ptrdiff_t bytes);

    const std::shared_ptr<MemoryBudget> budget_;
    const std::function<void()> cut_;
    std::atomic<std::size_t> held_{0};
    std::atomic<std::size_t> doomed_{0};  // what it held when it was cut
    const MemoryBudget::Accounts::iterator place_;
    bool retired_ = false;  // with the budget's mutex
};

/// One amount within an account, such as a buffer's. What is below 4 KiB is not counted, so that
/// connections with small messages never touch what all of them share.
///
/// Threads: those of the buffer.
class MemoryHold {
  public:
    /// `account` may be null: then nothing is counted.
    explicit MemoryHold(MemoryAccount* account) noexcept : account_(account) {}
    ~MemoryHold() { clear(); }
    MemoryHold(const MemoryHold&) = delete;
    MemoryHold& operator=(const MemoryHold&) = delete;

    /// Says how many bytes there are, or are about to be. Throws MemoryError if they are more than
    /// before, the budget is used up, and this connection is the one to be cut for it; they are
    /// counted all the same.
    void set(std::size_t bytes) {
        if (account_ == nullptr) return;
        if (bytes - counted_ + grain <= 2 * grain) return;  // within `grain` of it, modulo 2^64
        const auto change = static_cast<std::ptrdiff_t>(bytes - counted_);
        counted_ = bytes;
        account_->change(change);
    }

    /// There are none any more.
    void clear() noexcept {
        if (account_ == nullptr || counted_ == 0) return;
        const auto change = -static_cast<std::ptrdiff_t>(std::exchange(counted_, 0));
        account_->budget_->change(*account_, change);
    }

  private:
    static constexpr std::size_t grain = 4 * 1024;

    MemoryAccount* const account_;
    std::size_t counted_ = 0;
};

}  // namespace jsocket
