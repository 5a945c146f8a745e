// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>
#include <jsocket/limits.hpp>

#include <cstddef>
#include <string>

namespace jsocket {

/// Throws UsageError if a thread with so much stack could not copy, print and hash the deepest
/// messages. nlohmann::json takes up to 0.9 KiB for each level, when hashing in a debug build.
/// `name` is the setting's.
inline void check_stack_size(const char* name, std::size_t stack_size, const Limits& limits) {
    const std::size_t smallest = 64 * 1024 + 2 * 1024 * limits.max_depth;
    if (stack_size >= smallest) return;
    throw UsageError(std::string(name) + " is " + std::to_string(stack_size) +
                     "; with this max_depth it has to be at least " + std::to_string(smallest));
}

}  // namespace jsocket
