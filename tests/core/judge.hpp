// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace jsocket::test {

/// What a second opinion says about a text: nlohmann-json's own parser, slow and obvious code for
/// what it is known to be lax about, and none of the code under test.
struct Judgement {
    bool utf8 = false;
    bool json = false;   ///< strict JSON, whatever its numbers
    bool exact = false;  ///< and all of its numbers have a place in a jsocket::json
    std::size_t depth = 0;
    std::size_t elements = 0;
};

Judgement judge(std::string_view text);

/// Is it UTF-8 without overlong forms, surrogates, and code points beyond U+10FFFF?
bool is_utf8(std::string_view text);

/// The text without what is white space in JSON, except within strings.
std::string without_white_space(std::string_view text);

}  // namespace jsocket::test
