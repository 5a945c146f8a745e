// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace jsocket::test {

/// The bytes of a file; throws if there is none.
inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::string repeated(std::string_view text, std::size_t times) {
    std::string result;
    result.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i) result += text;
    return result;
}

/// `opening` n times, `inside`, `closing` n times.
inline std::string nested(std::size_t depth, std::string_view opening = "[",
                          std::string_view inside = "", std::string_view closing = "]") {
    return repeated(opening, depth).append(inside) + repeated(closing, depth);
}

}  // namespace jsocket::test
