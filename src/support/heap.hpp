// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace jsocket {

/// Has the allocator give the system what was freed until `freed`: it keeps what many small pieces
/// had (measured: 70 MiB of 100). Trimming takes milliseconds, goes over the memory of all threads
/// and holds them up, which no client may bring about as often as it likes. So one trim does for
/// everything freed before it, and there are ten a second at most.
///
/// False if it has to be tried again after trim_pause. Threads: may be called from any thread.
bool trim_heap(std::chrono::steady_clock::time_point freed) noexcept;

inline constexpr std::chrono::milliseconds trim_pause(100);

}  // namespace jsocket
