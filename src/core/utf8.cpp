// SPDX-License-Identifier: Apache-2.0
#include "core/utf8.hpp"

namespace jsocket {
namespace {

bool in_range(char c, unsigned char low, unsigned char high) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= low && byte <= high;
}

bool is_continuation(char c) { return in_range(c, 0x80, 0xBF); }

}  // namespace

std::size_t utf8_sequence_length(const char* begin, const char* end) {
    const auto first = static_cast<unsigned char>(*begin);
    const auto available = static_cast<std::size_t>(end - begin);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) {
        return available >= 2 && is_continuation(begin[1]) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        // Not overlong, not a surrogate.
        const unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned char high = first == 0xED ? 0x9F : 0xBF;
        return available >= 3 && in_range(begin[1], low, high) && is_continuation(begin[2]) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        // Not overlong, not beyond U+10FFFF.
        const unsigned char low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
        return available >= 4 && in_range(begin[1], low, high) && is_continuation(begin[2]) &&
                       is_continuation(begin[3])
                   ? 4
                   : 0;
    }
    return 0;
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
    const char* const end = text.data() + text.size();
    for (const char* position = text.data(); position != end;) {
        const std::size_t length = utf8_sequence_length(position, end);
        if (length == 0) return static_cast<std::size_t>(position - text.data());
        position += length;
    }
    return std::nullopt;
}

std::string_view utf8_prefix(std::string_view text, std::size_t size) {
    if (text.size() <= size) return text;
    while (size > 0 && is_continuation(text[size])) --size;
    return text.substr(0, size);
}

std::size_t harmful_character(std::string_view text) {
    const auto third_in = [text](std::string_view start, unsigned char low, unsigned char high) {
        return text.size() > 2 && text.starts_with(start) && in_range(text[2], low, high);
    };
    if (text.starts_with('\x7f')) return 1;
    if (text.size() > 1 && text[0] == '\xc2' && in_range(text[1], 0x80, 0x9f)) return 2;
    if (text.starts_with("\xd8\x9c")) return 2;                    // U+061C, a mark of direction
    if (third_in("\xe2\x80", 0x8e, 0x8f)) return 3;                // U+200E and U+200F, the same
    if (third_in("\xe2\x80", 0xaa, 0xae)) return 3;                // embeddings
    return third_in("\xe2\x81", 0xa6, 0xa9) ? std::size_t{3} : 0;  // isolates
}

}  // namespace jsocket
