// SPDX-License-Identifier: Apache-2.0
#include "core/short_decimal.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace jsocket {
namespace {

constexpr double largest = 1e9;    // No two texts of up to 15 digits are read as the same double.
constexpr double smallest = 1e-4;  // Below it dump() prints an exponent.
constexpr std::uint64_t scale = 1'000'000;

/// Is the decimal whole / scale so near to the double that was read from it that dump() finds it?
///
/// It searches by the algorithm Grisu2 (F. Loitsch, "Printing Floating-Point Numbers Quickly and
/// Accurately with Integers", 2010) with numbers of 64 bits. To be safe from their rounding it
/// leaves out what is close to the edge of all that is read as this double, which is half the
/// distance to the next one away: some 2^-10 of it. Here the margin is twice that. Towards 0 of a
/// power of two the next double is half as far, so for those it must be exact.
bool is_found(double magnitude, std::uint64_t whole) {
    constexpr std::uint64_t fraction_bits = (std::uint64_t(1) << 52) - 1;
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    const double error = std::fma(magnitude, double(scale), -static_cast<double>(whole));
    if (error == 0) return true;
    const auto bits = std::bit_cast<std::uint64_t>(magnitude);
    const bool power_of_two = (bits & fraction_bits) == 0;
    const double distance = std::bit_cast<double>(bits & ~fraction_bits) * epsilon * scale;
    return !power_of_two && std::fabs(error) < distance * (0.5 - 1.0 / 512);
}

}  // namespace

char* print_short_decimal(double value, char* out) {
    const double magnitude = std::fabs(value);
    if (!(magnitude < largest && magnitude >= smallest)) return nullptr;
    // Should this round to a neighbour, the division finds out.
    // NOLINTNEXTLINE(bugprone-incorrect-roundings)
    const auto whole = static_cast<std::uint64_t>(magnitude * scale + 0.5);
    if (static_cast<double>(whole) / scale != magnitude || !is_found(magnitude, whole)) {
        return nullptr;
    }
    if (value < 0) *out++ = '-';
    out = std::to_chars(out, out + 10, whole / scale).ptr;
    std::uint64_t fraction = whole % scale;
    std::size_t digits = 6;
    for (; digits > 1 && fraction % 10 == 0; --digits) fraction /= 10;
    *out = '.';
    for (std::size_t i = digits; i > 0; fraction /= 10) {
        out[i--] = static_cast<char>('0' + fraction % 10);
    }
    return out + digits + 1;
}

}  // namespace jsocket
