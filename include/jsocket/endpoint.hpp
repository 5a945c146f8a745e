// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket {

/// Where a server listens and a client connects to.
struct Endpoint {
    /// A host name, an IPv4 or IPv6 literal, or `unix:PATH`. For servers also `systemd:NAME`, a
    /// socket that a service manager has opened and passed on; see Listener.
    std::string address;
    std::uint16_t port = 0;  ///< not used with `unix:` and `systemd:`

    /// The PATH of `unix:PATH`; empty for anything else.
    std::optional<std::string_view> unix_path() const;

    /// The NAME of `systemd:NAME`, which may be empty; an empty optional for anything else.
    std::optional<std::string_view> systemd_name() const;

    /// As text: a name and its address are not the same.
    bool operator==(const Endpoint&) const = default;
};

/// "127.0.0.1:5489", "[::1]:5489", "unix:PATH" or "systemd:NAME".
std::string to_string(const Endpoint& endpoint);

/// The reverse of to_string, as command lines take it. Throws UsageError with what is wrong.
Endpoint parse_endpoint(std::string_view text);

}  // namespace jsocket
