// SPDX-License-Identifier: Apache-2.0
#include "cli/calls_in_flight.hpp"

#include <utility>

namespace jsocket::cli {

void CallsInFlight::add(const Call& call) {
    recent_.emplace_back(call);
    ++waiting_;
}

std::optional<CallsInFlight::Call> CallsInFlight::take(std::uint64_t number) {
    if (number < first_) {
        const auto node = overtaken_.extract(number);
        return node ? std::optional(node.mapped()) : std::nullopt;
    }
    if (number >= end()) return std::nullopt;
    const auto call = std::exchange(recent_[number - first_], std::nullopt);
    if (call) {
        --waiting_;
        tidy();
    }
    return call;
}

const CallsInFlight::Call& CallsInFlight::oldest() const {
    return overtaken_.empty() ? *recent_.front() : overtaken_.begin()->second;
}

/// Drops what was taken from the front, and moves calls out of the way that keep too much of it.
void CallsInFlight::tidy() {
    constexpr std::size_t enough = 64;
    while (!recent_.empty()) {
        if (recent_.front()) {
            if (recent_.size() <= 2 * waiting_ + enough) return;
            overtaken_.emplace_hint(overtaken_.end(), first_, *recent_.front());
            --waiting_;
        }
        recent_.pop_front();
        ++first_;
    }
}

}  // namespace jsocket::cli
