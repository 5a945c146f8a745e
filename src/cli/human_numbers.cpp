// SPDX-License-Identifier: Apache-2.0
#include "cli/human_numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>

namespace jsocket::cli {
namespace {

template <typename... Values>
std::string formatted(const char* format, Values... values) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

/// "1.23", "12.3", "123"; of what is less than 1000.
std::string three_digits(double value) {
    return formatted("%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
}

/// The same without zeros at its end: "1.2", "7".
std::string plain_digits(double value) {
    std::string text = three_digits(value);
    if (text.find('.') == std::string::npos) return text;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

/// `value` in the first unit that keeps it below 1000, each being 1000 times the one before.
std::string scaled(double value, std::span<const std::string_view> units) {
    if (!(value > 0)) return "0" + std::string(units[0]);
    std::size_t unit = 0;
    // What would be rounded up to 1000 is 1 of the next unit.
    for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
    value = std::min(value, 999.0);
    return (unit == 0 ? plain_digits(value) : three_digits(value)) + std::string(units[unit]);
}

}  // namespace

std::string human_count(double count) {
    static constexpr std::string_view units[] = {"", "k", "M", "G", "T", "P", "E"};
    return scaled(count, units);
}

std::string human_bytes(double bytes) {
    static constexpr std::string_view units[] = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};
    return scaled(bytes, units);
}

std::string human_duration(std::chrono::nanoseconds duration) {
    static constexpr std::string_view units[] = {" ns", " us", " ms", " s"};
    const auto count = static_cast<double>(duration.count());
    return count < 999.5e9 ? scaled(count, units) : human_age(count / 1e9);
}

std::string human_age(double seconds) {
    constexpr double most = 9999.0 * 24 * 60 * 60;
    const auto all = static_cast<long>(seconds > 0 ? std::min(seconds, most) : 0);
    const long days = all / 86'400;
    const long hours = all / 3'600 % 24;
    const long minutes = all / 60 % 60;
    if (all < 60) return formatted("%ld s", all);
    if (all < 3'600) return formatted("%ld:%02ld", minutes, all % 60);
    if (days == 0) return formatted("%ld:%02ld:%02ld", hours, minutes, all % 60);
    return formatted("%ldd %02ldh", days, hours);
}

std::string human_rate(double per_second) {
    const bool small = per_second < 999.5;
    return (small ? plain_digits(per_second)
                  : human_exactly(static_cast<std::uint64_t>(std::llround(per_second)))) +
           "/s";
}

std::string human_exactly(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
    return text;
}

}  // namespace jsocket::cli
