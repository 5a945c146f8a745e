// SPDX-License-Identifier: Apache-2.0
#include "core/test_data.hpp"
#include "core/verdict.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace jsocket {
namespace {

std::string serialized(const json& value) {
    std::string out;
    serialize(value, out);
    return out;
}

/// `value` by itself, in an array, in an object, and after a million of good bytes.
std::vector<json> wherever(const json& value) {
    json array = json::array({1, "a", nullptr});
    array.push_back(value);
    json object = {{"a", 1}};
    object["z"] = json::array({json::object(), value});
    json late = json::array({std::string(1'000'000, 'a')});
    late.push_back(value);
    return {value, array, object, late};
}

void expect_refused(const json& value) {
    std::string out = "what was there";
    try {
        serialize(value, out);
        ADD_FAILURE() << "accepted";
    } catch (const MessageTooLarge&) {
        ADD_FAILURE() << "refused for its size";
    } catch (const UsageError& error) {
        EXPECT_TRUE(error.connection_usable());
        test::expect_fit_for_a_log(error.what());
    }
    EXPECT_EQ(out, "what was there");
}

TEST(Serialize, WritesCompactJson) {
    EXPECT_EQ(serialized(nullptr), "null");
    EXPECT_EQ(serialized(json::array({1, -2.5, true, "a"})), "[1,-2.5,true,\"a\"]");
    EXPECT_EQ(serialized({{"b", json::object()}, {"a", json::array()}}), "{\"a\":[],\"b\":{}}");
    EXPECT_EQ(serialized(1.0), "1.0");
    EXPECT_EQ(serialized(-0.0), "-0.0");
    EXPECT_EQ(serialized(UINT64_MAX), "18446744073709551615");
    EXPECT_EQ(serialized(INT64_MIN), "-9223372036854775808");
}

TEST(Serialize, WritesDecimalsAsDumpDoesAlsoWhereThatFindsNoShortText) {
    // For these there is a text that is as short, and read as the same number.
    for (const double value : {0.005754, -0.005473, 0.024421, 3.53508, 13.976159, 109.809863,
                               19518.923632, -327688.950331, 5975465.444013}) {
        EXPECT_EQ(serialized(value), json(value).dump());
        EXPECT_GT(serialized(value).size(), 15u);
    }
    for (int exponent = -20; exponent <= 40; ++exponent) {
        for (const double value : {std::ldexp(1.0, exponent), std::ldexp(-3.0, exponent)}) {
            for (const double next :
                 {std::nextafter(value, 0.0), value, std::nextafter(value, 1e30)}) {
                EXPECT_EQ(serialized(next), json(next).dump());
            }
        }
    }
    std::mt19937_64 random(1);
    for (int i = 0; i < 100'000; ++i) {
        // Of any size, with up to six digits after the point.
        const auto whole = static_cast<double>(random() >> (14 + random() % 40));
        ASSERT_EQ(serialized(whole / 1e6), json(whole / 1e6).dump());
    }
}

TEST(Serialize, WritesUtf8UnescapedAndControlCharactersEscaped) {
    EXPECT_EQ(serialized("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
              "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    EXPECT_EQ(serialized(std::string("\0\n\x1F\"\\", 5)), R"("\u0000\n\u001f\"\\")");
}

TEST(Serialize, WritesNoLineBreaks) {
    const json value = {{"a\nb", "c\r\nd"}, {"e", json::array({"\n"})}};
    EXPECT_EQ(serialized(value).find_first_of("\r\n"), std::string::npos);
}

TEST(Serialize, AppendsToWhatIsThere) {
    std::string out = "before ";
    serialize(1, out);
    serialize("a", out);
    EXPECT_EQ(out, "before 1\"a\"");
}

TEST(Serialize, WritesWhatParseReadsBack) {
    for (const json& value : std::vector<json>{nullptr,
                                               true,
                                               0,
                                               -1,
                                               INT64_MIN,
                                               UINT64_MAX,
                                               0.1,
                                               -0.0,
                                               5e-324,
                                               1e300,
                                               "",
                                               "a\0b",
                                               json::array(),
                                               json::object(),
                                               {{"", {{"", json::array({1, 2.0, "3"})}}}}}) {
        const std::string text = serialized(value);
        EXPECT_EQ(test::verdict(text), "ok") << text;
        const json again = parse(text);
        EXPECT_EQ(again, value);
        EXPECT_EQ(serialized(again), text);
    }
}

TEST(Serialize, RefusesNumbersThatJsonDoesNotHave) {
    using Double = std::numeric_limits<double>;
    for (const double number : {Double::quiet_NaN(), -Double::quiet_NaN(), Double::signaling_NaN(),
                                Double::infinity(), -Double::infinity()}) {
        for (const json& value : wherever(number)) expect_refused(value);
    }
}

TEST(Serialize, RefusesStringsThatAreNotUtf8) {
    for (const char* bytes :
         {"\xFF", "\x80", "\xC3", "a\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xED\xB0\x80",
          "\xF4\x90\x80\x80", "\xF0\x9F\x98", "\xC3\n", "\xE9t"}) {
        for (const json& value : wherever(bytes)) expect_refused(value);
    }
}

TEST(Serialize, RefusesNamesThatAreNotUtf8) {
    for (const char* bytes :
         {"\xFF", "\x80", "\xC3", "a\xC0\x80", "\xED\xA0\x80", "\xF0\x9F\x98"}) {
        for (const json& value : wherever(json{{bytes, 1}})) expect_refused(value);
    }
}

TEST(Serialize, RefusesValuesThatJsonDoesNotHave) {
    for (const json& value : wherever(json::binary({1, 2, 3}))) expect_refused(value);
    for (const json& value : wherever(json::binary({}))) expect_refused(value);
    for (const json& value : wherever(json(json::value_t::discarded))) expect_refused(value);
}

TEST(Serialize, RefusesNestingThatWouldOverflowTheStackOfDump) {
    json value = json::array();
    for (int i = 0; i < 200'000; ++i) {
        json outer = json::array();
        outer.push_back(std::move(value));
        value = std::move(outer);
    }
    expect_refused(value);
}

TEST(Serialize, RefusesMoreElementsThanAReceiverTakes) {
    expect_refused(json(json::array_t(1'000'000)));
    EXPECT_EQ(serialized(json(json::array_t(999'999))).size(), 999'999u * 5 + 1);
}

TEST(Serialize, SaysHowLongATextIsThatIsTooLong) {
    std::string out = "what was there";
    try {
        serialize(json{{"a", std::string(100, 'a')}}, out, {.max_message_size = 50});
        FAIL() << "accepted";
    } catch (const MessageTooLarge& error) {
        EXPECT_EQ(error.size(), 108u);
        EXPECT_EQ(error.limit(), 50u);
    }
    EXPECT_EQ(out, "what was there");
}

TEST(NaughtyStrings, SurviveAsValuesAndAsNames) {
    const json strings =
        json::parse(test::read_file(JSOCKET_TEST_DATA "/big-list-of-naughty-strings/blns.json"));
    ASSERT_EQ(strings.size(), 515u);
    for (const json& string : strings) {
        const json value = {{"value", string},
                            {"name", {{string.get<std::string>(), json::array({string})}}}};
        for (const json& sent : {string, value}) {
            const std::string text = serialized(sent);
            EXPECT_EQ(test::verdict(text), "ok") << text;
            EXPECT_EQ(parse(text), sent) << text;
            EXPECT_EQ(compact(text), text);
            EXPECT_EQ(text.find('\n'), std::string::npos);
        }
        const std::string shown = printable(string.get<std::string>(), 1'000'000);
        EXPECT_TRUE(shown.empty() || (test::expect_fit_for_a_log(shown.substr(0, 300)), true));
    }
    EXPECT_EQ(parse(serialized(strings)), strings);
}

}  // namespace
}  // namespace jsocket
