// SPDX-License-Identifier: Apache-2.0
#include "cli/option_values.hpp"

#include <jsocket/json_text.hpp>

#include <charconv>
#include <cmath>
#include <optional>

namespace jsocket::cli {

namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& expected) {
    throw UsageError("expected " + expected + ", not \"" + printable(text) + '"');
}

}  // namespace

std::chrono::milliseconds parse_seconds(std::string_view text) {
    constexpr double longest = 365.0 * 24 * 60 * 60;
    double seconds = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
    // Written so that NaN, which from_chars() knows by name, is refused too.
    if (error != std::errc() || stop != end || !(seconds > 0 && seconds <= longest)) {
        refuse(text, "a number of seconds above 0 and up to a year, such as 2 or 0.25");
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
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

}  // namespace jsocket::cli
