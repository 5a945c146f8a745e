// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <functional>
#include <string>
#include <string_view>

/// A look into the text of an object without making a tree of it, so that what is inside stays as
/// it was written.
namespace jsocket::cli {

/// Calls `visit` with the texts of name and value of each member of an object, in their order, the
/// name in its quotes. Does nothing for any other value. `text` must have passed validate().
void for_each_member(std::string_view text,
                     const std::function<void(std::string_view, std::string_view)>& visit);

/// A value on one line. What is no UTF-8 in its strings is replaced: JSON cannot carry it, and a
/// path may be of any bytes.
std::string line_of(const json& value);

/// A text on one line, as for_terminal() shows it in a JSON string, without its quotes.
std::string plain_name(const std::string& text);

}  // namespace jsocket::cli
