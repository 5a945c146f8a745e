// SPDX-License-Identifier: Apache-2.0
#include "server/slots.hpp"

namespace jsocket {

Slots::Refusal Slots::take(const std::string& host, Slot& slot) {
    const Lock lock(mutex_);
    if (taken_ >= most_) return Refusal::all_taken;
    auto entry = no_host_;
    if (most_of_host_ > 0 && !host.empty()) {
        entry = hosts_.try_emplace(host, 0).first;
        if (entry->second >= most_of_host_) return Refusal::all_of_host_taken;
        ++entry->second;
    }
    ++taken_;
    slot.slots_ = this;
    slot.host_ = entry;
    return Refusal::none;
}

std::size_t Slots::taken() const {
    const Lock lock(mutex_);
    return taken_;
}

std::size_t Slots::hosts() const {
    const Lock lock(mutex_);
    return hosts_.size();
}

void Slots::give_back(Hosts::iterator host, std::atomic<bool>* gone) noexcept {
    const Lock lock(mutex_);
    --taken_;
    if (host != no_host_ && --host->second == 0) hosts_.erase(host);
    if (gone) gone->store(true, std::memory_order_release);
}

void Slots::Slot::give_back(std::atomic<bool>* gone) noexcept {
    if (Slots* const slots = std::exchange(slots_, nullptr)) {
        slots->give_back(host_, gone);
    } else if (gone) {
        gone->store(true, std::memory_order_release);
    }
}

}  // namespace jsocket
