// SPDX-License-Identifier: Apache-2.0
#include "core/json_reader.hpp"

#include <jsocket/json_text.hpp>

namespace jsocket {

void fail_reading(std::string_view text, PayloadError::Kind kind, const std::string& what) {
    if (const auto bad = find_invalid_utf8(text)) {
        throw PayloadError(PayloadError::Kind::invalid_utf8,
                           "invalid UTF-8 at byte " + std::to_string(*bad));
    }
    throw PayloadError(kind, what);
}

void fail_expected(std::string_view text, const char* position, const char* what) {
    const auto at = static_cast<std::size_t>(position - text.data());
    const std::string_view rest = text.substr(at);
    fail_reading(text, PayloadError::Kind::invalid_json,
                 "invalid JSON at byte " + std::to_string(at) + ": expected " + what + ", found " +
                     (rest.empty() ? "the end" : '"' + printable(rest, 30) + '"'));
}

}  // namespace jsocket
