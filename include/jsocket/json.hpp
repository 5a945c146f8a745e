// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/limits.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace jsocket {

/// A JSON value of any kind: null, boolean, number, string, array or object. Members of an object
/// are kept in the order of their names; of members with the same name the last one counts.
using json = nlohmann::json;

/// Reads the text of one message.
///
/// Strict: RFC 8259 and UTF-8; no byte order mark, nothing but white space after the value, no NUL.
/// An integer beyond 64 bits is refused, as is a decimal that would become infinite; any other
/// decimal becomes the nearest double. Throws PayloadError; its text shows at most a few escaped
/// bytes of the input.
json parse(std::string_view text, const Limits& limits = {});

/// Appends `value` as compact JSON to `out`. Throws UsageError, and leaves `out` as it was, if
/// the value has no JSON text (NaN, infinity, invalid UTF-8, binary) or is beyond the limits of
/// depth and elements; MessageTooLarge if the text is too long.
void serialize(const json& value, std::string& out, const Limits& limits = {});

}  // namespace jsocket
