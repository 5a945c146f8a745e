// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace jsocket {

/// ASCII that stands for itself in a JSON string: no quote, backslash or control character.
inline bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

#if defined(__SSE2__)

/// How many of these sixteen characters are plain before the first that is not.
inline unsigned count_plain(__m128i characters) {
    // Compared as signed numbers: below 0x20 are control characters, and all that is not ASCII.
    const __m128i special =
        _mm_or_si128(_mm_cmplt_epi8(characters, _mm_set1_epi8(0x20)),
                     _mm_or_si128(_mm_cmpeq_epi8(characters, _mm_set1_epi8('"')),
                                  _mm_cmpeq_epi8(characters, _mm_set1_epi8('\\'))));
    return static_cast<unsigned>(
        std::countr_zero(static_cast<unsigned>(_mm_movemask_epi8(special)) | 0x1'0000U));
}

#endif

/// The first character from `position` on that is not plain, or `end`.
inline const char* skip_plain(const char* position, const char* end) {
#if defined(__SSE2__)
    for (; end - position >= 16; position += 16) {
        const unsigned plain =
            count_plain(_mm_loadu_si128(reinterpret_cast<const __m128i*>(position)));
        if (plain < 16) return position + plain;
    }
#endif
    while (position != end && is_plain(*position)) ++position;
    return position;
}

/// Are all characters in this word plain? (Tests eight or four bytes at once; the idea of `haszero`
/// in S. E. Anderson, "Bit Twiddling Hacks".)
template <typename Word>
bool all_plain(Word word) {
    constexpr Word ones = Word(~Word(0)) / 0xFF;
    constexpr Word tops = ones * 0x80;
    const Word quotes = word ^ ones * '"';
    const Word backslashes = word ^ ones * '\\';
    return ((word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones)) & tops) == 0;
}

/// Copies `size` characters if all are plain and there are as many as a Word has, up to twice that.
template <typename Word>
bool copy_if_plain(const char* from, std::size_t size, char* out) {
    Word first = 0;
    Word last = 0;
    std::memcpy(&first, from, sizeof first);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    if (!all_plain(first) || !all_plain(last)) return false;
    std::memcpy(out, &first, sizeof first);
    std::memcpy(out + size - sizeof last, &last, sizeof last);
    return true;
}

/// Copies plain characters from [position, end) to `out`, both of which end up behind the last one
/// copied. At `out` there must be room for all up to `end`.
inline void copy_plain(const char*& position, const char* end, char*& out) {
#if defined(__SSE2__)
    while (end - position >= 16) {
        const __m128i characters = _mm_loadu_si128(reinterpret_cast<const __m128i*>(position));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), characters);
        const unsigned plain = count_plain(characters);
        position += plain;
        out += plain;
        if (plain < 16) return;
    }
#endif
    // Names are short; a loop over their characters is left at another place each time, which the
    // processor cannot foresee.
    const auto left = static_cast<std::size_t>(end - position);
    if ((left >= 8 && left <= 16 && copy_if_plain<std::uint64_t>(position, left, out)) ||
        (left >= 4 && left < 8 && copy_if_plain<std::uint32_t>(position, left, out))) {
        position = end;
        out += left;
        return;
    }
    while (position != end && is_plain(*position)) *out++ = *position++;
}

}  // namespace jsocket
