// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace jsocket {

/// The most that Limits::max_message_size may be: the length field of a header has 32 bits.
inline constexpr std::size_t largest_message = 0xFFFF'FFFF;

/// The same with Framing::automatic, 256 MiB: the first byte of a length up to this is at most
/// 0x10, which sets it apart from text.
inline constexpr std::size_t largest_automatic_message = 256 * 1024 * 1024;

/// The most that Limits::max_depth may be.
inline constexpr std::size_t largest_depth = 1'000;

/// How much one message may be, in both directions. All limits are on by default.
///
/// Sending more throws before a byte is sent. A peer that sends more loses its connection, and
/// memory has grown only with the bytes that arrived, never with a length that was claimed.
struct Limits {
    /// Bytes of JSON text, the frame's header not included; a message of exactly this size passes.
    /// From 1 to largest_message, or largest_automatic_message with Framing::automatic.
    std::size_t max_message_size = 10 * 1024 * 1024;

    /// Arrays and objects within each other; `[[1]]` has depth 2. From 1 to largest_depth.
    /// Security: nlohmann::json copies, prints and hashes recursively, so without this limit a
    /// message of 150 KB overflows the stack of the thread that handles it.
    std::size_t max_depth = 128;

    /// Values of every kind in one message, containers included, names of members not; `[1,2]` has
    /// three. At least 1. Security: a tree takes up to 26 times the memory of its text, and is made
    /// while the text is read, up to this limit.
    std::size_t max_elements = 1'000'000;
};

}  // namespace jsocket
