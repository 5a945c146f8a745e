// SPDX-License-Identifier: Apache-2.0
//
// Prints numbers, and compares the text with that of dump(). Each input is a double, and a whole
// number with its point somewhere.
#include <jsocket/json.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using namespace jsocket;

void expect_as_dumped(double value) {
    if (!std::isfinite(value)) return;
    std::string text;
    serialize(value, text);
    if (text != json(value).dump()) std::abort();
    if (parse(text) != json(value)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::array<double, 8> powers{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    double value = 0;
    std::int64_t whole = 0;
    if (size < sizeof value + 1) return 0;
    std::memcpy(&value, data, sizeof value);
    std::memcpy(&whole, data, sizeof whole);
    const std::uint8_t choice = data[sizeof value];
    expect_as_dumped(value);
    whole >>= choice >> 3;  // short ones are as likely as long ones
    expect_as_dumped(static_cast<double>(whole) / powers[choice & 7]);
    return 0;
}
