// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/rpc_text.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/options.hpp>
#include <jsocket/tls_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace jsocket::cli {

/// What to load a server with.
///
/// In a closed loop, which is the default, each connection sends a message when it has the reply to
/// an earlier one. In an open loop messages are sent when they are due, whatever the server does.
struct LoadOptions {
    static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

    Endpoint server;
    std::optional<TlsClientOptions> tls = {};
    Framing framing = Framing::prefix;

    /// Sent in turn; JSON texts, at least one. The n-th message that comes is the n-th one's reply.
    std::vector<std::string> messages;

    /// Instead: calls of JSON-RPC, whose replies come in any order.
    std::vector<RepeatedRequest> calls = {};

    std::size_t connections = 10;

    /// Messages on their way at a time, on each connection; closed loop only.
    std::size_t window = 1;

    /// Messages a second of all connections together; 0 for a closed loop.
    double rate = 0;

    /// Not measured; comes before the rest.
    std::chrono::milliseconds warmup{0};

    /// What ends the measurement, whichever is first.
    std::chrono::milliseconds duration = no_timeout;
    std::uint64_t requests = unlimited;  ///< of all connections together

    /// For connecting, and how long a server may leave a message without a reply.
    std::chrono::milliseconds timeout = std::chrono::seconds(10);

    bool open_loop() const { return rate > 0; }
    bool rpc() const { return !calls.empty(); }
};

/// The part of `whole` that falls to one of several that share it as evenly as can be.
inline std::uint64_t share_of(std::uint64_t whole, std::size_t number, std::size_t of) {
    return whole / of + (number < whole % of ? 1 : 0);
}

}  // namespace jsocket::cli
