// SPDX-License-Identifier: Apache-2.0
#include <jsocket/client/retry_policy.hpp>

#include <algorithm>

namespace jsocket {

std::chrono::milliseconds RetryPolicy::backoff_limit(int attempt) const {
    std::chrono::milliseconds limit = std::min(initial_backoff, max_backoff);
    for (int i = 1; i < attempt && limit < max_backoff; ++i) {
        limit = limit > max_backoff / 2 ? max_backoff : 2 * limit;
    }
    return limit;
}

}  // namespace jsocket
