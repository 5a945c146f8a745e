// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace jsocket {

/// Bytes of the well-formed UTF-8 sequence at `begin` (Unicode standard, table 3-7); 0 if there is
/// none. `begin` is before `end`.
std::size_t utf8_sequence_length(const char* begin, const char* end);

/// Where `text` stops being UTF-8; empty if it is.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// The longest beginning of `text` of at most `size` bytes that cuts no sequence in two.
std::string_view utf8_prefix(std::string_view text, std::size_t size);

/// How many bytes at the beginning of `text`, UTF-8, are a character from U+007F on that a terminal
/// acts upon, or that changes the direction of text; 0 if it is another one.
/// Security: with U+009B a peer could do all that ESC can.
std::size_t harmful_character(std::string_view text);

}  // namespace jsocket
