// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/limits.hpp>
#include <jsocket/rpc/options.hpp>
#include <jsocket/server/server_options.hpp>

#include <algorithm>
#include <cstddef>

/// The most memory that connections may take, as docs/reliability.md ("Memory") promises it,
/// computed from the limits alone.
namespace test_support {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

/// The tree of one text: 27 bytes for each byte of it, or, since there are only so many values, 160
/// for each value and the text's own bytes.
inline std::size_t tree_bound(const jsocket::Limits& limits, std::size_t text) {
    return std::min(27 * text, 160 * limits.max_elements + 2 * text);
}

/// One connection of a server or a client, without JSON-RPC: three buffers that double when they
/// are full, of what arrives, of the reply's text and of what is sent; the trees of this message
/// and the one before, each with the room it may keep; and 64 KiB for all else.
inline std::size_t connection_bound(const jsocket::Limits& limits) {
    const std::size_t size = limits.max_message_size;
    const std::size_t tree = tree_bound(limits, size) + 4 * size + 64 * kibibyte;
    return 3 * 2 * size + 2 * tree + 64 * kibibyte;
}

/// The same with JSON-RPC: the trees of the calls in flight, and their replies.
inline std::size_t connection_bound(const jsocket::Limits& limits,
                                    const jsocket::rpc::Options& options) {
    return connection_bound(limits) + 27 * options.max_bytes_in_flight +
           2 * options.max_calls_in_flight * limits.max_message_size;
}

/// What stays of one connection a second after its last whole message: the buffer of a message that
/// has begun, and the rest.
inline std::size_t resting_bound(const jsocket::Limits& limits) {
    return 2 * limits.max_message_size + 64 * kibibyte;
}

/// All connections of a server: what each of them may have, and never more than the budget. Of each
/// connection some is not counted: buffers of up to 16 KiB, 64 KiB of a tree that grows, and its
/// threads.
inline std::size_t server_bound(const jsocket::ServerOptions& options, std::size_t each,
                                std::size_t connections) {
    constexpr std::size_t not_counted = (16 + 64 + 64) * kibibyte;
    const std::size_t all = connections * each;
    const std::size_t budget = options.memory_budget == 0 ? all : options.memory_budget;
    return std::min(all, budget) + connections * not_counted;
}

/// How far the resident memory of a process may grow if what it holds is within `bound`: a quarter
/// more, which the allocator wastes, and 2 MiB for the code and tables that are used the first
/// time.
inline std::size_t resident_bound(std::size_t bound) { return bound + bound / 4 + 2 * mebibyte; }

/// The most threads of a JSON-RPC server: for each connection one that serves it, one that runs its
/// calls and one for the time-outs of calls to its client; those for calls that all share, and some
/// of the server's own.
inline std::size_t thread_bound(const jsocket::ServerOptions& options, std::size_t connections) {
    constexpr std::size_t own = 8;
    return 3 * connections + options.max_call_threads + own;
}

}  // namespace test_support
