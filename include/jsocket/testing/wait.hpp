// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace jsocket::testing {

/// How long a test waits for what should happen at once before it calls it a failure: long enough
/// for a busy machine under a sanitizer. Only a test that fails takes that long.
inline constexpr std::chrono::milliseconds patience = std::chrono::seconds(10);

/// Waits until `condition` holds, or `timeout` has passed; says whether it holds. For what no call
/// can wait for, such as counters of other threads:
///
///     ASSERT_TRUE(wait_until([&] { return server.client_stats().refused_connections == 2; }));
///
/// It asks on the calling thread: at once, then after pauses of a tenth of the time waited so far,
/// from 20 us to 1 ms. So what takes a moment is noticed within a moment, and a long wait costs
/// next to nothing. What `condition` throws passes through. It is asked once more at the end, so
/// that a thread that was not scheduled in time fails no test.
bool wait_until(const std::function<bool()>& condition,
                std::chrono::milliseconds timeout = patience);

}  // namespace jsocket::testing
