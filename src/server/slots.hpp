// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace jsocket {

/// Counts the connections that a server has, in all and by host, so that accepting one more costs
/// no look at the others.
///
/// Threads:  all members, and those of different slots, may be called from any thread.
/// Lifetime: it outlives its slots, or at least give_back() of each.
class Slots {
  public:
    enum class Refusal { none, all_taken, all_of_host_taken };

    class Slot;

    /// 0 for as many of one host as there are in all; then hosts are not counted.
    Slots(std::size_t most, std::size_t most_of_host) : most_(most), most_of_host_(most_of_host) {}
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

    /// Makes the empty `slot` one that is taken, unless there is none left. An empty `host`
    /// is not counted. Throws std::bad_alloc, with nothing taken.
    Refusal take(const std::string& host, Slot& slot);

    /// How many are taken.
    std::size_t taken() const;

    /// Hosts that are counted: those with a slot.
    std::size_t hosts() const;

  private:
    // A client chooses its host, so a hash table could be made slow.
    using Hosts = std::map<std::string, std::size_t>;

    void give_back(Hosts::iterator host, std::atomic<bool>* gone) noexcept;

    const std::size_t most_;
    const std::size_t most_of_host_;

    mutable Mutex mutex_;
    std::size_t taken_ JSOCKET_GUARDED_BY(mutex_) = 0;
    Hosts hosts_ JSOCKET_GUARDED_BY(mutex_);  // with at least one slot each
    const Hosts::iterator no_host_ = hosts_.end();
};

/// One of a server's places for clients, given back at the latest when it is destroyed.
class Slots::Slot {
  public:
    Slot() = default;
    ~Slot() { give_back(); }
    Slot(Slot&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)), host_(other.host_) {}
    Slot& operator=(Slot&&) = delete;

    /// Is it empty, or has it been given back?
    bool empty() const noexcept { return slots_ == nullptr; }

    /// Leaves it empty. Needs no memory.
    void give_back() noexcept { give_back(nullptr); }

    /// The same, and sets `gone` at the same moment: whoever sees it set can count on the place,
    /// and nobody gets the place before it is set.
    void give_back(std::atomic<bool>& gone) noexcept { give_back(&gone); }

  private:
    friend class Slots;
    void give_back(std::atomic<bool>* gone) noexcept;

    Slots* slots_ = nullptr;
    Hosts::iterator host_;
};

}  // namespace jsocket
