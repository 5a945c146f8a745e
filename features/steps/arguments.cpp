// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include "expect.hpp"

#include <jsocket/error.hpp>

#include <map>

namespace {

std::string text_of(const jsocket::json& value) {
    expect(value.is_string(), "this step takes no table");
    return value.get<std::string>();
}

}  // namespace

template <>
std::string argument_cast(const jsocket::json& value) {
    return text_of(value);
}

template <>
int argument_cast(const jsocket::json& value) {
    return std::stoi(text_of(value));
}

template <>
Name argument_cast(const jsocket::json& value) {
    const std::string text = text_of(value);
    const bool anonymous = text == "the client" || text == "a client" || text == "A client";
    return {anonymous ? "client" : text};
}

template <>
std::chrono::milliseconds argument_cast(const jsocket::json& value) {
    const std::string text = text_of(value);
    const int number = std::stoi(text);
    return text.ends_with("ms") ? std::chrono::milliseconds(number) : std::chrono::seconds(number);
}

template <>
Values argument_cast(const jsocket::json& value) {
    return jsocket::parse('[' + text_of(value) + ']').get<Values>();
}

template <>
Table argument_cast(const jsocket::json& value) {
    expect(value.is_array(), "this step needs a table");
    return value.get<Table>();
}

std::string_view argument_expression(std::string_view name) {
    static const std::map<std::string_view, std::string_view> expressions = {
        {"int", "(-?[0-9]+)"},
        {"string", "\"([^\"]*)\""},
        {"command", "`([^`]*)`"},
        {"thing", "(an? [a-zA-Z0-9 -]+)"},
        {"client", "([Tt]he client|[Aa] client|Alice|Bob)"},
        {"duration", "([0-9]+ (?:ms|seconds?))"},
        // What a JSON text can begin with, so that it is not taken for a sentence.
        {"values", "((?:[\\[{\"0-9-]|null|true|false).*)"},
    };
    const auto found = expressions.find(name);
    if (found == expressions.end()) {
        throw jsocket::UsageError("no kind of argument is called " + std::string(name));
    }
    return found->second;
}
