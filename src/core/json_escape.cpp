// SPDX-License-Identifier: Apache-2.0
#include "core/json_escape.hpp"

#include <algorithm>
#include <charconv>

namespace jsocket {
namespace {

void append_utf8(unsigned code_point, std::string& out) {
    const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
    const auto put_rest = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put_rest(0);
    } else if (code_point < 0x10000) {
        put(0xE0 | code_point >> 12);
        put_rest(6);
        put_rest(0);
    } else {
        put(0xF0 | code_point >> 18);
        put_rest(12);
        put_rest(6);
        put_rest(0);
    }
}

/// What `\uXXXX` stands for, or two of them that are a surrogate pair. `text` begins behind the
/// `\u`; its part that is used up is removed.
unsigned take_code_point(std::string_view& text) {
    const unsigned unit = hex4(text).value_or(0);
    text.remove_prefix(4);
    if (unit < 0xD800 || unit > 0xDBFF) return unit;
    const unsigned low = hex4(text.substr(2)).value_or(0);
    text.remove_prefix(6);
    return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

std::optional<unsigned> hex4(std::string_view text) {
    if (text.size() < 4) return std::nullopt;
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
    if (error != std::errc() || stop != text.data() + 4) return std::nullopt;
    return value;
}

void append_unescaped(std::string_view text, std::string& out) {
    constexpr std::string_view letters = "bfnrt";
    constexpr std::string_view meanings = "\b\f\n\r\t";
    while (!text.empty()) {
        const std::size_t plain = std::min(text.find('\\'), text.size());
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char c = text[1];
        text.remove_prefix(2);
        if (c == 'u') {
            append_utf8(take_code_point(text), out);
        } else {
            const std::size_t index = letters.find(c);
            out += index == std::string_view::npos ? c : meanings[index];
        }
    }
}

}  // namespace jsocket
