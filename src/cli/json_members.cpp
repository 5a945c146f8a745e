// SPDX-License-Identifier: Apache-2.0
#include "cli/json_members.hpp"

#include "cli/terminal.hpp"

#include <cstddef>

namespace jsocket::cli {

namespace {

// These walk over text that validate() has passed, which is why they never look for its end.

std::size_t skip_space(std::string_view text, std::size_t at) {
    return text.find_first_not_of(" \t\r\n", at);
}

/// The position behind the string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at + 1;
}

/// The position behind the value of a member that begins at `at`.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    if (text[at] == '"') return end_of_string(text, at);
    if (text[at] != '{' && text[at] != '[') return text.find_first_of(",} \t\r\n", at);
    for (std::size_t depth = 0;;) {
        switch (text[at]) {
            case '"':
                at = end_of_string(text, at);
                continue;
            case '{':
            case '[':
                ++depth;
                break;
            case '}':
            case ']':
                if (--depth == 0) return at + 1;
                break;
            default:
                break;
        }
        ++at;
    }
}

}  // namespace

void for_each_member(std::string_view text,
                     const std::function<void(std::string_view, std::string_view)>& visit) {
    std::size_t at = skip_space(text, 0);
    if (text[at] != '{') return;
    at = skip_space(text, at + 1);
    while (text[at] != '}') {
        const std::size_t name_end = end_of_string(text, at);
        const std::size_t colon = skip_space(text, name_end);
        const std::size_t value = skip_space(text, colon + 1);
        const std::size_t value_end = end_of_value(text, value);
        visit(text.substr(at, name_end - at), text.substr(value, value_end - value));
        at = skip_space(text, value_end);
        if (text[at] == ',') at = skip_space(text, at + 1);
    }
}

std::string line_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string plain_name(const std::string& text) {
    const std::string quoted = for_terminal(line_of(text));
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace jsocket::cli
