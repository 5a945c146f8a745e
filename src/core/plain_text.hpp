// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
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

/// Copies characters as long as they are plain; returns how many. At `out` there must be room for
/// all of them, of which more than those may be written.
inline std::size_t copy_plain(const char* from, std::size_t size, char* out) {
#if defined(__SSE2__)
    if (size >= 16) {
        for (std::size_t at = 0;; at = std::min(at + 16, size - 16)) {
            const __m128i characters = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at), characters);
            const unsigned plain = count_plain(characters);
            if (plain < 16) return at + plain;
            if (at == size - 16) return size;
        }
    }
#endif
    // Names are short; a loop over their characters is left at another place each time, which the
    // processor cannot foresee.
    if (size >= 8 && size <= 16 && copy_if_plain<std::uint64_t>(from, size, out)) return size;
    if (size >= 4 && size < 8 && copy_if_plain<std::uint32_t>(from, size, out)) return size;
    std::size_t count = 0;
    for (; count < size && is_plain(from[count]); ++count) out[count] = from[count];
    return count;
}

}  // namespace jsocket
