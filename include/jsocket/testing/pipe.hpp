// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/socket/stream.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace jsocket::testing {

/// How many bytes a direction of a pipe() holds until they are read.
inline constexpr std::size_t default_pipe_capacity = 64 * 1024;

/// Two connected streams in memory, for tests of whatever reads and writes a Stream:
///
///     auto [near, far] = jsocket::testing::pipe();
///     jsocket::JsonSocket socket(std::move(near), {});
///     far->write_all(std::string_view("\0\0\0\2{}", 6), std::chrono::seconds(1));
///     socket.receive(jsocket::no_deadline);  // "{}"
///
/// They follow every rule of Stream, as two sockets would: a write waits while `capacity` bytes are
/// unread, and fails once the other end is shut down or destroyed; a read gets everything that was
/// written before it gets the end of the stream. peer() is "unknown".
///
/// Threads:  as Stream says, at each end; the two ends are independent of each other.
/// Lifetime: each end may go first; destroying it is a shutdown().
/// Errors:   ConnectionError with std::errc::broken_pipe for a write that nobody can read.
std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> pipe(
    std::size_t capacity = default_pipe_capacity);

}  // namespace jsocket::testing
