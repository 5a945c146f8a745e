// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace jsocket {

/// How often and how patiently a client connects.
///
/// Between two attempts it waits a random time of up to `initial_backoff`, then of up to twice
/// that, and so on ("full jitter"): clients that lost the same server do not come back all at
/// once. There is no waiting after the last attempt.
struct RetryPolicy {
    /// At least 1; 1 tries once.
    int attempts = 10;

    /// Over everything: looking up the name, connecting, waiting between attempts.
    std::chrono::milliseconds deadline = std::chrono::seconds(30);

    /// The longest wait after the first attempt.
    std::chrono::milliseconds initial_backoff = std::chrono::milliseconds(100);

    /// The longest wait after any.
    std::chrono::milliseconds max_backoff = std::chrono::seconds(3);

    /// The longest wait before attempt number `attempt` + 1: initial_backoff doubled `attempt` - 1
    /// times, at most max_backoff.
    std::chrono::milliseconds backoff_limit(int attempt) const;
};

}  // namespace jsocket
