// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/log.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace jsocket {

/// Complaints of one kind, which peers can bring about as often as they like: one a second goes on,
/// with the number of those left out.
///
/// Threads: all members may be called from any thread.
class Complaints {
  public:
    using Tell = std::function<void(const std::string&)>;

    /// `tell` may be empty.
    explicit Complaints(Tell tell) : tell_(std::move(tell)) {}

    void add(const std::string& text) noexcept {
        const auto left_out = throttle_.pass();
        if (!left_out) {
            ++untold_;
            return;
        }
        untold_ = 0;
        tell(*left_out == 0 ? "" : " (and " + std::to_string(*left_out) + " more like it before)",
             text);
    }

    /// Tells how many were left out since the latest one. To be called when no more come.
    void finish() noexcept {
        if (const std::uint64_t left_out = untold_.exchange(0); left_out > 0) {
            tell(" more complaints were left out", std::to_string(left_out));
        }
    }

  private:
    void tell(const std::string& end, const std::string& text) const noexcept {
        try {
            if (tell_) tell_(text + end);
        } catch (const std::exception&) {
            // No memory for it.
        }
    }

    const Tell tell_;
    log::Throttle throttle_;
    std::atomic<std::uint64_t> untold_{0};
};

}  // namespace jsocket
