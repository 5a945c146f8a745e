// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

namespace jsocket {

/// Counts memory that was freed, and that the allocator may keep. Threads: any thread.
void count_freed(std::size_t bytes) noexcept;

/// Has the allocator give the system what it keeps of the memory that count_freed() has counted, if
/// that is 1 MiB or more. (Measured: it keeps 70 MiB of 100 that consisted of small pieces.)
///
/// Trimming takes milliseconds, goes over the memory of all threads and holds them up. No client
/// may bring that about as often as it likes, so there are ten trims a second at most.
///
/// False if it has to be tried again after trim_pause. Threads: any thread.
bool trim_heap() noexcept;

inline constexpr std::chrono::milliseconds trim_pause(100);

}  // namespace jsocket
