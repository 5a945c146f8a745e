// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket {

/// Where a server listens and a client connects to.
struct Endpoint {
    std::string address;     ///< a host name, an IPv4 or IPv6 literal, or `unix:PATH`
    std::uint16_t port = 0;  ///< not used with `unix:`

    /// The PATH of `unix:PATH`; empty for anything else.
    std::optional<std::string_view> unix_path() const;

    bool operator==(const Endpoint&) const = default;
};

/// "127.0.0.1:5489", "[::1]:5489" or "unix:PATH".
std::string to_string(const Endpoint& endpoint);

/// The reverse of to_string, as command lines take it. Throws UsageError with what is wrong.
Endpoint parse_endpoint(std::string_view text);

}  // namespace jsocket
