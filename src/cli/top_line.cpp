// SPDX-License-Identifier: Apache-2.0
#include "cli/top_line.hpp"

#include "cli/human_numbers.hpp"

#include <algorithm>
#include <utility>

namespace jsocket::cli {

std::string cut(std::string text, std::size_t columns) {
    if (text.size() <= columns) return text;
    text.resize(columns);
    for (std::size_t i = 0; i < std::min<std::size_t>(3, columns); ++i) text[columns - 1 - i] = '.';
    return text;
}

std::string left(std::string text, std::size_t columns) {
    text = cut(std::move(text), columns);
    return text + std::string(columns - text.size(), ' ');
}

std::string right(const std::string& text, std::size_t columns) {
    return text.size() >= columns ? text : std::string(columns - text.size(), ' ') + text;
}

std::string count_of(std::uint64_t number) { return human_count(static_cast<double>(number)); }

std::string bytes_of(std::uint64_t number) { return human_bytes(static_cast<double>(number)); }

}  // namespace jsocket::cli
