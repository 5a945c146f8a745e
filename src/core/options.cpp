// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/options.hpp>

#include <array>
#include <string>
#include <utility>

namespace jsocket {
namespace {

constexpr std::array<std::pair<Framing, std::string_view>, 4> names{{
    {Framing::automatic, "auto"},
    {Framing::prefix, "prefix"},
    {Framing::crc, "crc"},
    {Framing::lines, "lines"},
}};

void check_range(const char* name, std::size_t value, std::size_t low, std::size_t high) {
    if (value >= low && value <= high) return;
    throw UsageError(std::string(name) + " is " + std::to_string(value) + "; it has to be from " +
                     std::to_string(low) + " to " + std::to_string(high));
}

}  // namespace

std::string_view to_string(Framing framing) {
    for (const auto& [value, name] : names) {
        if (value == framing) return name;
    }
    return "unknown";
}

std::optional<Framing> framing_from_string(std::string_view name) {
    for (const auto& [value, its_name] : names) {
        if (its_name == name) return value;
    }
    return std::nullopt;
}

void check_timeout(const char* name, std::chrono::milliseconds value) {
    if (value > std::chrono::milliseconds::zero()) return;
    throw UsageError(std::string(name) + " is " + std::to_string(value.count()) +
                     " ms; it has to be above 0, or no_timeout");
}

void check_options(const SocketOptions& options) {
    const std::size_t most =
        options.framing == Framing::automatic ? largest_automatic_message : largest_message;
    check_range("max_message_size", options.limits.max_message_size, 1, most);
    check_range("max_depth", options.limits.max_depth, 1, largest_depth);
    check_range("max_elements", options.limits.max_elements, 1, SIZE_MAX);
    check_timeout("recv_timeout", options.recv_timeout);
    check_timeout("send_timeout", options.send_timeout);
    check_timeout("message_deadline", options.message_deadline);
    if (options.spin < std::chrono::microseconds::zero() ||
        options.spin > std::chrono::seconds(1)) {
        throw UsageError("spin is " + std::to_string(options.spin.count()) +
                         " us; it has to be from 0 to 1 s");
    }
}

}  // namespace jsocket
