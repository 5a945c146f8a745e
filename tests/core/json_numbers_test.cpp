// SPDX-License-Identifier: Apache-2.0
#include "core/verdict.hpp"

#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace jsocket {
namespace {

using test::parse_verdict;
using test::validate_verdict;

struct Number {
    std::string text;
    std::string printed;  ///< after parse(); empty if that refuses it
};

const std::string two_to_63 = "9223372036854775808";
const std::string two_to_64 = "18446744073709551616";

void expect_numbers(const std::vector<Number>& numbers) {
    for (const auto& [text, printed] : numbers) {
        const std::string shown = text.substr(0, 60);
        for (const auto& [before, after] : {std::pair("", ""), {"[", "]"}, {"{\"a\":", "}"}}) {
            const std::string whole = before + text + after;
            EXPECT_EQ(validate_verdict(whole), "ok") << shown;
            EXPECT_EQ(compact(whole), whole) << shown;
            EXPECT_EQ(parse_verdict(whole), printed.empty() ? "invalid_json" : "ok") << shown;
            if (printed.empty()) continue;
            EXPECT_EQ(parse(whole).dump(), before + printed + after) << shown;
        }
    }
}

TEST(Numbers, OfSixtyFourBitsAreKeptExactly) {
    expect_numbers({{"0", "0"},
                    {"-1", "-1"},
                    {"9007199254740993", "9007199254740993"},  // 2^53 + 1
                    {"9223372036854775807", "9223372036854775807"},
                    {two_to_63, two_to_63},
                    {"9223372036854775809", "9223372036854775809"},
                    {"10000000000000000999", "10000000000000000999"},
                    {"18446744073709551615", "18446744073709551615"},
                    {"-9223372036854775807", "-9223372036854775807"},
                    {"-" + two_to_63, "-" + two_to_63}});
    EXPECT_EQ(parse("18446744073709551615").get<std::uint64_t>(), UINT64_MAX);
    EXPECT_EQ(parse("-9223372036854775808").get<std::int64_t>(), INT64_MIN);
}

TEST(Numbers, BeyondSixtyFourBitsAreRefusedRatherThanRounded) {
    expect_numbers({{two_to_64, ""},
                    {"18446744073709551617", ""},
                    {"99999999999999999999", ""},
                    {"1180591620717411303424", ""},  // 2^70
                    {"-9223372036854775809", ""},
                    {"-" + two_to_64, ""},
                    {"-1180591620717411303424", ""},
                    {std::string(10'000, '7'), ""},
                    {"-1" + std::string(9'999, '0'), ""}});
}

TEST(Numbers, BeyondDoubleAreRefusedRatherThanMadeInfinite) {
    expect_numbers({{"1e400", ""},
                    {"-1e400", ""},
                    {"1E+309", ""},
                    {"1.8e308", ""},
                    {"1.7976931348623159e308", ""},
                    {"1e99999999999999999999999", ""},
                    {std::string(400, '1') + ".5", ""},
                    {std::string(10'000, '9') + ".0", ""},
                    {std::string(10'000, '9') + "e1", ""}});
}

TEST(Numbers, WithADotOrAnExponentAreDoubles) {
    expect_numbers({{"1.0", "1.0"},
                    {"-0.0", "-0.0"},
                    {"0.1", "0.1"},
                    {"1e2", "100.0"},
                    {"1E+2", "100.0"},
                    {"1.5e-3", "0.0015"},
                    {"5e-324", "5e-324"},
                    {"1.7976931348623157e308", "1.7976931348623157e+308"},
                    {"-1.7976931348623157e308", "-1.7976931348623157e+308"},
                    {"2.2250738585072014e-308", "2.2250738585072014e-308"},
                    {"123456789012345678901234567890.0", "1.2345678901234568e+29"},
                    {"1e0000000000000000000002", "100.0"}});
    EXPECT_EQ(parse("1.7976931348623157e308").get<double>(), std::numeric_limits<double>::max());
    EXPECT_EQ(parse("5e-324").get<double>(), std::numeric_limits<double>::denorm_min());
    EXPECT_TRUE(parse("1.0").is_number_float());
    EXPECT_TRUE(parse("1e2").is_number_float());
    EXPECT_TRUE(parse("1").is_number_integer());
}

TEST(Numbers, WithMoreDecimalsThanADoubleHasAreRoundedToTheNearest) {
    expect_numbers({{"0.1000000000000000055511151231257827", "0.1"},
                    {"1.000000000000000005", "1.0"},
                    {"0." + std::string(10'000, '3'), "0.3333333333333333"},
                    {"1e-400", "0.0"},
                    {"-1e-400", "-0.0"},
                    {"0." + std::string(10'000, '0') + "1", "0.0"}});
}

TEST(Numbers, KeepTheSignOfADecimalZeroAndNotOfAnInteger) {
    expect_numbers({{"-0", "0"}, {"-0.0", "-0.0"}, {"-0e5", "-0.0"}, {"0.0", "0.0"}});
    EXPECT_TRUE(std::signbit(parse("-0.0").get<double>()));
}

TEST(Numbers, HaveAGrammar) {
    for (const char* text :
         {"+1",   "01",           "-01",   "00",   "-",     "--1",  "1.",    ".5",
          "-.5",  "1.e5",         "1e",    "1e+",  "1e-",   "1e.5", "1e5.5", "1ee5",
          "0x10", "1_000",        "1 000", "1a",   "1.5.5", "1+1",  "1-",    "- 1",
          "1e 5", "\xEF\xBC\x91", "1f",    "1.0L", "0b1",   "1e+-5"}) {
        EXPECT_EQ(test::verdict(text), "invalid_json") << text;
        EXPECT_EQ(test::verdict(std::string("[") + text + "]"), "invalid_json") << text;
    }
}

}  // namespace
}  // namespace jsocket
