// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>
#include <jsocket/limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace jsocket {

/// The port of the Python package jsocket.
inline constexpr std::uint16_t default_port = 5489;

/// A message of 10 MiB may take three hours at this rate.
inline constexpr std::size_t default_min_receive_rate = 1024;

/// A peer that takes fewer bytes a second does not read, as far as its sender is concerned.
inline constexpr std::size_t default_min_send_rate = 1024;

/// How messages are laid out on the wire; docs/framing.md has byte tables.
enum class Framing {
    automatic,  ///< servers only: the first bytes of each connection decide
    prefix,     ///< 4-byte big-endian length, JSON; jsocket 1.x for Python
    crc,        ///< `JSN1`, length, CRC-32, JSON; jsocket 2.x for Python
    lines,      ///< one JSON text a line; netcat, jq
};

/// "auto", "prefix", "crc" or "lines".
std::string_view to_string(Framing framing);

/// The reverse of to_string; empty for any other text.
std::optional<Framing> framing_from_string(std::string_view name);

/// What both ends of a connection have in common.
struct SocketOptions {
    /// A client may not leave it to the other side.
    Framing framing = Framing::prefix;

    /// Of messages, in both directions.
    Limits limits = {};

    /// A client: how long read_obj() waits. Client and server: how long a message that has begun
    /// may go without a further byte. A client that is idle between messages is no error to a
    /// server, however long it is.
    std::chrono::milliseconds recv_timeout = std::chrono::seconds(2);

    /// How long a send may wait for a peer that does not read, or reads more slowly than
    /// min_send_rate.
    std::chrono::milliseconds send_timeout = std::chrono::seconds(30);

    /// Bytes a second. 0: each byte that the peer takes starts send_timeout anew. Security: bounds
    /// a peer that reads a byte now and then, whose reply would be held without end.
    std::size_t min_send_rate = default_min_send_rate;

    /// How long a message may arrive at less than min_receive_rate, from its first byte to its
    /// last. Security: bounds a peer that sends a byte now and then, which recv_timeout alone would
    /// wait for without end.
    std::chrono::milliseconds message_deadline = std::chrono::seconds(30);

    /// Bytes a second, for a peer that is honest but slow. Each that many bytes put the end of the
    /// message off by a second, but never beyond message_deadline from now: what a peer sent long
    /// ago earns it nothing. 0 makes message_deadline the end of every message, however big.
    std::size_t min_receive_rate = default_min_receive_rate;

    /// How long to look for the next message again and again before sleeping until it comes; see
    /// ServerOptions::spin. From 0 to 1 s.
    std::chrono::microseconds spin = std::chrono::microseconds::zero();
};

/// Throws UsageError, naming the setting, if one is out of its range.
void check_options(const SocketOptions& options);

/// The same for a single time-out, which has to be above 0 and may be no_timeout.
void check_timeout(const char* name, std::chrono::milliseconds value);

}  // namespace jsocket
