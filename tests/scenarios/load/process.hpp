// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <sys/types.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JSOCKET_TEST_SANITIZED 1
#else
#define JSOCKET_TEST_SANITIZED 0
#endif

/// What a process of this machine uses, as the kernel counts it.
namespace test_support {

/// A sanitizer's own memory and time hide the library's; and it can do with fewer of everything.
inline constexpr bool sanitized = JSOCKET_TEST_SANITIZED != 0;

/// `many` as a rule, fewer under a sanitizer.
constexpr int scaled(int many, int fewer) { return sanitized ? fewer : many; }

/// In bytes.
std::size_t resident_memory(pid_t process);

/// The most it has had resident since reset_peak_memory(); in bytes.
std::size_t peak_memory(pid_t process);

/// False where the system cannot count anew.
bool reset_peak_memory(pid_t process);

std::size_t thread_count(pid_t process);
std::size_t descriptor_count(pid_t process);

/// Of all its threads, in user and kernel mode.
std::chrono::microseconds cpu_time(pid_t process);

/// Raises this process's limit of file descriptors as far as it may; says how far that is.
std::size_t raise_descriptor_limit();

}  // namespace test_support
