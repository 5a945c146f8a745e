// SPDX-License-Identifier: Apache-2.0
#include "cli/echo.hpp"

#include "server/identity.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

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

/// A value as a tree; as a string of its text if it holds a number that no tree can.
json value_of(std::string_view text) {
    try {
        return parse(text);
    } catch (const PayloadError&) {
        return std::string(text);
    }
}

}  // namespace

std::optional<std::string> client_name(std::string_view text) {
    // Names may be written with escapes; all others contain these letters.
    constexpr auto npos = std::string_view::npos;
    if (text.find("client") == npos && text.find("\\u") == npos) return std::nullopt;

    std::size_t at = skip_space(text, 0);
    if (text[at] != '{') return std::nullopt;
    json found = json::object();
    at = skip_space(text, at + 1);
    while (text[at] != '}') {
        const std::size_t name_end = end_of_string(text, at);
        const std::string_view name_text = text.substr(at, name_end - at);
        const std::size_t colon = skip_space(text, name_end);
        const std::size_t value = skip_space(text, colon + 1);
        const std::size_t value_end = end_of_value(text, value);
        if (name_text == "\"client\"" || name_text == "\"client_id\"" ||
            name_text.find('\\') != npos) {
            found[value_of(name_text).get<std::string>()] =
                value_of(text.substr(value, value_end - value));
        }
        at = skip_space(text, value_end);
        if (text[at] == ',') at = skip_space(text, at + 1);
    }
    return identity_of(found);
}

void Echo::process_payload(std::string_view payload, std::string& reply) {
    if (hook_ == Hook::message) return ServerFactoryThread::process_payload(payload, reply);
    validate(payload, limits_);
    if (const std::optional<std::string> name = client_name(payload)) identify(*name);
    reply = payload;
}

}  // namespace jsocket::cli
