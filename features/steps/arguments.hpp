// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

/// The kinds of arguments a step can have.
///
///     {int}       12                          int
///     {string}    "text"                      std::string, without the quotes
///     {command}   `text`                      std::string, without the backquotes
///     {thing}     a message that is not JSON  std::string: words after "a" or "an"
///     {client}    Alice, Bob, the client, ... Name
///     {duration}  200 ms, 1 second            std::chrono::milliseconds
///     {values}    1, "two", {"three": 3}      Values: JSON
///     below the step: a text                  std::string
///                     a table                 Table

/// What a client is called in a scenario: "client" for `the client` and `a client`.
struct Name {
    std::string text;
    auto operator<=>(const Name&) const = default;
};

using Values = std::vector<jsocket::json>;
using Table = std::vector<std::vector<std::string>>;

/// An argument as it came over the wire, a JSON text or the rows of a table, in the type a step
/// takes. Throws StepFailed if it does not fit.
template <typename T>
T argument_cast(const jsocket::json& value);

/// The regular expression, with one group, for the {name} of an argument. Throws UsageError if
/// there is no such kind.
std::string_view argument_expression(std::string_view name);
