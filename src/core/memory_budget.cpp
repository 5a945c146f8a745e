// SPDX-License-Identifier: Apache-2.0
#include "core/memory_budget.hpp"

#include "support/read_file.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace jsocket {
namespace {

// An account with less is never the one that holds too much.
constexpr std::size_t smallest_large = 64 * 1024;

/// Empty, too, for "max", which stands for no limit.
std::optional<std::size_t> read_number(const std::string& path) {
    const std::string text = read_file(path.c_str());
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    return number;
}

/// The least limit of a control group (version 2) and those around it, of both versions.
std::size_t cgroup_limit() {
    std::size_t least = SIZE_MAX;
    const auto consider = [&least](const std::string& path) {
        if (const auto limit = read_number(path)) least = std::min(least, *limit);
    };
    std::istringstream groups(read_file("/proc/self/cgroup"));
    for (std::string line; std::getline(groups, line);) {
        // ID:CONTROLLERS:PATH, without controllers in version 2: cgroups(7)
        const auto second_colon = line.find(':', line.find(':') + 1);
        if (second_colon == std::string::npos) continue;
        const bool version_2 = line.starts_with("0::");
        if (!version_2 && line.find(":memory:") == std::string::npos) continue;
        const std::string root = version_2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
        const char* const file = version_2 ? "/memory.max" : "/memory.limit_in_bytes";
        std::string path = line.substr(second_colon + 1);
        for (;;) {
            consider(root + path + file);
            const auto slash = path.rfind('/');
            if (slash == std::string::npos) break;
            path.resize(slash);
        }
    }
    return least;
}

}  // namespace

std::size_t default_memory_budget() {
    const auto pages = static_cast<std::size_t>(std::max(::sysconf(_SC_PHYS_PAGES), 1L));
    const auto page = static_cast<std::size_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
    return std::min(pages * page, cgroup_limit()) / 4;
}

void MemoryBudget::wake_all() noexcept {
    // The fence orders the two: this thread sees the waiter, or the waiter sees the change.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (waiting_.load(std::memory_order_relaxed) == 0) return;
    const Lock lock(mutex_);
    room_.notify_all();
}

MemoryBudget::Accounts::iterator MemoryBudget::add(MemoryAccount& account) {
    const Lock lock(mutex_);
    const auto place = accounts_.insert(accounts_.end(), &account);
    count_.fetch_add(1, std::memory_order_relaxed);
    return place;
}

void MemoryBudget::change(MemoryAccount& account, std::ptrdiff_t bytes) noexcept {
    const auto difference = static_cast<std::size_t>(bytes);  // modulo 2^64
    account.held_.fetch_add(difference, std::memory_order_relaxed);
    const std::size_t before = held_.fetch_add(difference);
    if (bytes < 0 && account.exceeded()) settle(account);
    if (before > soft_ && before + difference <= soft_) wake_all();
}

/// What connections that were cut still hold is on its way back. It may be slow to come, since
/// methods end when they like: others wait for no more of it than twice the hard limit.
bool MemoryBudget::exceeded() const noexcept {
    const std::size_t held = held_.load();
    return held > hard_ + std::min({doomed_.load(), held, 2 * hard_});
}

/// A connection that was cut has given some memory back: doomed_ no longer counts it.
void MemoryBudget::settle(MemoryAccount& account) noexcept {
    const Lock lock(mutex_);
    const std::size_t before = account.doomed_.load();
    const std::size_t left = std::clamp<std::size_t>(account.held(), 1, before);
    account.doomed_.store(left);
    doomed_.fetch_sub(before - left);
}

/// Cuts connections, the largest first, until the others are within the hard limit. Is `growing`
/// among them?
bool MemoryBudget::cut_largest(const MemoryAccount& growing) noexcept {
    const Lock lock(mutex_);
    while (exceeded()) {
        MemoryAccount* largest = nullptr;
        std::size_t held = 0;
        for (MemoryAccount* const account : accounts_) {
            const std::size_t its = account->held();  // another thread may change it meanwhile
            if (account->exceeded() || its <= held) continue;
            largest = account;
            held = its;
        }
        if (largest == nullptr) break;
        doomed_.fetch_add(held);
        largest->doomed_.store(held, std::memory_order_release);
        largest->cut_();
    }
    room_.notify_all();  // those that were cut do not wait on
    return growing.exceeded();
}

MemoryAccount::MemoryAccount(std::shared_ptr<MemoryBudget> budget, std::function<void()> cut)
    : budget_(std::move(budget)), cut_(std::move(cut)), place_(budget_->add(*this)) {}

MemoryAccount::~MemoryAccount() {
    retire();
    budget_->doomed_.fetch_sub(doomed_.load());
}

void MemoryAccount::retire() noexcept {
    const Lock lock(budget_->mutex_);
    if (std::exchange(retired_, true)) return;
    budget_->count_.fetch_sub(1, std::memory_order_relaxed);
    budget_->accounts_.erase(place_);
}

bool MemoryAccount::is_large() const noexcept {
    const std::size_t average = budget_->held() / std::max<std::size_t>(budget_->count_.load(), 1);
    return held() >= std::max(average, smallest_large);
}

bool MemoryAccount::may_read() const noexcept {
    return budget_->held() <= budget_->soft_ || !is_large();
}

bool MemoryAccount::wait_for_room(Deadline deadline, const std::function<bool()>& ended) noexcept {
    ++budget_->waiting_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    {
        const Lock lock(budget_->mutex_);
        while (!may_read() && !exceeded() && !ended() &&
               budget_->room_.wait_until(budget_->mutex_, deadline) == std::cv_status::no_timeout) {
        }
    }
    --budget_->waiting_;
    return may_read();
}

void MemoryAccount::wake() noexcept { budget_->wake_all(); }

void MemoryAccount::change(std::ptrdiff_t bytes) {
    budget_->change(*this, bytes);
    if (bytes <= 0) return;
    if (budget_->exceeded() || exceeded()) {
        if (budget_->cut_largest(*this)) {
            throw MemoryError("the connection holds " + std::to_string(this->held()) +
                              " bytes, more than any other, and memory_budget " +
                              std::to_string(budget_->hard_limit()) + " is used up");
        }
    }
}

}  // namespace jsocket
