// SPDX-License-Identifier: Apache-2.0
#include "cli/option_values.hpp"

#include "socket/address.hpp"

#include <jsocket/json_text.hpp>

#include <charconv>
#include <cmath>
#include <optional>

namespace jsocket::cli {

namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& expected) {
    throw UsageError("expected " + expected + ", not \"" + printable(text) + '"');
}

/// Above 0, up to `largest`.
double parse_decimal(std::string_view text, double largest, const char* expected) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    // Written so that NaN, which from_chars() knows by name, is refused too.
    if (error != std::errc() || stop != end || !(value > 0 && value <= largest)) {
        refuse(text, expected);
    }
    return value;
}

}  // namespace

std::chrono::milliseconds parse_seconds(std::string_view text) {
    constexpr double longest = 365.0 * 24 * 60 * 60;
    const double seconds = parse_decimal(
        text, longest, "a number of seconds above 0 and up to a year, such as 2 or 0.25");
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

double parse_rate(std::string_view text) {
    return parse_decimal(text, 1e9, "a number above 0 and up to a billion, such as 100 or 0.5");
}

std::uint64_t parse_count(std::string_view text, std::uint64_t smallest, std::uint64_t largest) {
    std::uint64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc() || stop != end || count < smallest || count > largest) {
        refuse(text, "a whole number from " + std::to_string(smallest) + " to " +
                         std::to_string(largest));
    }
    return count;
}

Endpoint parse_address(std::string_view text) {
    Endpoint endpoint = parse_endpoint(text);
    if (const auto path = endpoint.unix_path()) unix_address(*path);  // throws if it is too long
    return endpoint;
}

Endpoint parse_server(std::string_view text) {
    Endpoint endpoint = parse_address(text);
    if (endpoint.systemd_name()) refuse(text, "HOST:PORT or unix:PATH, as systemd: is for servers");
    if (!endpoint.unix_path() && endpoint.port == 0) throw UsageError("port 0 is no port");
    return endpoint;
}

mode_t parse_mode(std::string_view text) {
    unsigned mode = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, mode, 8);
    if (error != std::errc() || stop != end || mode > 0777) {
        refuse(text, "permissions in octal from 0 to 777, such as 600 or 666");
    }
    return mode;
}

Framing parse_server_framing(std::string_view text) {
    const std::optional<Framing> framing = framing_from_string(text);
    if (!framing) refuse(text, "auto, prefix, crc or lines");
    return *framing;
}

Framing parse_client_framing(std::string_view text) {
    const std::optional<Framing> framing = framing_from_string(text);
    if (!framing || *framing == Framing::automatic) refuse(text, "prefix, crc or lines");
    return *framing;
}

std::string parse_message(std::string_view text) {
    try {
        return compact(text);
    } catch (const PayloadError& error) {
        throw UsageError(error.what());
    }
}

bool blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace jsocket::cli
