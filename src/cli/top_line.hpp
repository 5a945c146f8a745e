// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

/// What a line on the page of `jsocket top` is made of.
namespace jsocket::cli {

struct TopLine {
    enum class Style { plain, title, heading, gone, failing, problem };

    std::string text;
    Style style = Style::plain;
    std::size_t label = 0;  // so many characters at the beginning name the others
};

/// Text, ASCII only so that a character is a byte, with dots at its end if it is too long.
std::string cut(std::string text, std::size_t columns);

/// The same, filled with blanks.
std::string left(std::string text, std::size_t columns);

/// Not cut: of numbers all digits count.
std::string right(const std::string& text, std::size_t columns);

std::string count_of(std::uint64_t number);
std::string bytes_of(std::uint64_t number);

}  // namespace jsocket::cli
