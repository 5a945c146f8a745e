// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace jsocket::bench {

inline constexpr std::size_t smallest_payload = 64;

/// A JSON object of exactly `size` bytes, always the same one: records with strings (escapes and
/// non-ASCII among them), integers, decimals, booleans, null, arrays and objects; some 75 values in
/// each KiB. Members are sorted and numbers have their shortest form, so that most libraries print
/// these very bytes again. Throws std::invalid_argument below smallest_payload.
std::string make_payload(std::size_t size);

/// Whether `document` is `payload` as JSON, whatever its spaces and its way to write numbers.
bool is_same_json(std::string_view document, std::string_view payload);

}  // namespace jsocket::bench
