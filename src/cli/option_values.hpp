// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/options.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

/// The texts that options take, as values. Errors: UsageError says what the text should have been.
namespace jsocket::cli {

/// "2", "0.25": more than 0, at most a year; rounded up to whole milliseconds.
std::chrono::milliseconds parse_seconds(std::string_view text);

/// A whole number from `smallest` to `largest`, in decimal digits.
std::uint64_t parse_count(std::string_view text, std::uint64_t smallest, std::uint64_t largest);

/// "100", "0.5": more than 0, at most a billion.
double parse_rate(std::string_view text);

/// "HOST:PORT", "unix:PATH", with a path that the system takes, or "systemd:NAME".
Endpoint parse_address(std::string_view text);

/// Of these, one that a client can connect to.
Endpoint parse_server(std::string_view text);

/// "600", "0660": permissions of a file, in octal.
mode_t parse_mode(std::string_view text);

/// Every name that `auto` may be one of, for a server.
Framing parse_server_framing(std::string_view text);
Framing parse_client_framing(std::string_view text);

/// One JSON text, as it is to be sent: without white space between values.
std::string parse_message(std::string_view text);

/// Is it a line that is passed over where each line is a message?
bool blank(std::string_view line);

/// convert(text, more...), with `option` named in what it throws.
template <typename Convert, typename... More>
auto option_value(std::string_view option, std::string_view text, Convert convert, More... more) {
    try {
        return convert(text, more...);
    } catch (const UsageError& error) {
        throw UsageError(std::string(option) + ": " + error.what());
    }
}

}  // namespace jsocket::cli
