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
        untold_ -= *left_out;
        tell(text, *left_out, " (and ", " more like it before)");
    }

    /// Tells how many were left out since the latest one. To be called when no more come.
    void finish() noexcept {
        if (const std::uint64_t left_out = untold_.exchange(0); left_out > 0) {
            tell({}, left_out, "", " more complaints were left out");
        }
    }

  private:
    void tell(const std::string& text, std::uint64_t left_out, const char* before,
              const char* after) const noexcept {
        try {
            if (!tell_) return;
            tell_(left_out == 0 ? text : text + before + std::to_string(left_out) + after);
        } catch (const std::exception&) {
            // No memory for it.
        }
    }

    const Tell tell_;
    log::Throttle throttle_;
    std::atomic<std::uint64_t> untold_{0};
};

}  // namespace jsocket
