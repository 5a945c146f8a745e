// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jsocket {

/// The number that four hexadecimal digits at the beginning of `text` stand for, if they are there.
std::optional<unsigned> hex4(std::string_view text);

/// Appends what the text between the quotes of a JSON string stands for. The text is one that
/// JsonReader has passed.
void append_unescaped(std::string_view text, std::string& out);

}  // namespace jsocket
