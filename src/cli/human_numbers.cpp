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

/// `value` in the first unit that keeps it below 1000, each being 1000 times the one before.
std::string scaled(double value, std::span<const std::string_view> units) {
    if (!(value > 0)) return "0" + std::string(units[0]);
    std::size_t unit = 0;
    // What would be rounded up to 1000 is 1 of the next unit.
    for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
    std::string text = formatted(value < 99.95 ? "%.1f" : "%.0f", std::min(value, 999.0));
    if (unit == 0 && text.ends_with(".0")) text.resize(text.size() - 2);
    return text + std::string(units[unit]);
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

std::string human_latency(std::chrono::nanoseconds duration) {
    static constexpr std::string_view units[] = {" ns", " us", " ms", " s", " ks"};
    return scaled(static_cast<double>(duration.count()), units);
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

}  // namespace jsocket::cli
