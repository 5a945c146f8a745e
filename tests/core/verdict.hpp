// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace jsocket::test {

inline std::string to_string(PayloadError::Kind kind) {
    switch (kind) {
        case PayloadError::Kind::invalid_utf8:
            return "invalid_utf8";
        case PayloadError::Kind::invalid_json:
            return "invalid_json";
        case PayloadError::Kind::too_deep:
            return "too_deep";
        case PayloadError::Kind::too_complex:
            return "too_complex";
    }
    return "unknown";
}

/// Every error text of the library must fit into a log line, whatever the peer sent.
inline void expect_fit_for_a_log(std::string_view text, std::size_t most = 300) {
    EXPECT_FALSE(text.empty());
    EXPECT_LE(text.size(), most);
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        << testing::PrintToString(std::string(text));
}

/// "ok", or the kind of the PayloadError that `action` throws.
template <typename Action>
std::string verdict_of(Action&& action) {
    try {
        action();
        return "ok";
    } catch (const PayloadError& error) {
        expect_fit_for_a_log(error.what());
        EXPECT_FALSE(error.connection_usable());
        return to_string(error.kind());
    }
}

inline std::string parse_verdict(std::string_view text, const Limits& limits = {}) {
    return verdict_of([&] { parse(text, limits); });
}

/// Of validate(); compact() must agree with it.
inline std::string validate_verdict(std::string_view text, const Limits& limits = {}) {
    const std::string verdict = verdict_of([&] { validate(text, limits); });
    EXPECT_EQ(verdict_of([&] { compact(text, limits); }), verdict);
    return verdict;
}

/// For texts about which parse() and validate() have to say the same.
inline std::string verdict(std::string_view text, const Limits& limits = {}) {
    const std::string result = validate_verdict(text, limits);
    EXPECT_EQ(parse_verdict(text, limits), result);
    return result;
}

}  // namespace jsocket::test
