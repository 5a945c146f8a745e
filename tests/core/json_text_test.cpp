// SPDX-License-Identifier: Apache-2.0
#include "core/test_data.hpp"
#include "core/verdict.hpp"

#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;

namespace jsocket {
namespace {

TEST(Compact, DropsTheWhiteSpaceBetweenValues) {
    EXPECT_EQ(compact(" { \"a\" :\t[ 1 ,\n2 , { } , [ ] ] ,\r\n\"b\" : null } \n"),
              R"({"a":[1,2,{},[]],"b":null})");
    EXPECT_EQ(compact("\r\n 1 \t"), "1");
    EXPECT_EQ(compact("[ ]"), "[]");
    EXPECT_EQ(compact("[true , false]"), "[true,false]");
}

TEST(Compact, KeepsTheWhiteSpaceWithinStrings) {
    EXPECT_EQ(compact(R"( { " a  b " : "  c\n \" d \\" , " " : " " } )"),
              R"({" a  b ":"  c\n \" d \\"," ":" "})");
    EXPECT_EQ(compact(R"([ "\\" , "\\\" " , " " ])"), R"(["\\","\\\" "," "])");
}

TEST(Compact, KeepsTheOrderOfMembersAndRepeatedOnes) {
    EXPECT_EQ(compact(R"({"b":1, "a":2, "b":3, "":4})"), R"({"b":1,"a":2,"b":3,"":4})");
}

TEST(Compact, KeepsNumbersAsTheyAreWritten) {
    constexpr std::string_view numbers =
        "[1.0,-0.0,-0,1E5,1e+05,100000000000000000000000000000001,1e400,0.10,"
        "1.000000000000000005,-9223372036854775809,5e-324]";
    EXPECT_EQ(compact(numbers), numbers);
}

TEST(Compact, KeepsEscapesAsTheyAreWritten) {
    constexpr std::string_view strings =
        "[\"\\u0041\\/\\u00e9\\u00E9\\uD83D\\uDE00\\u0000\",\"/\xC3\xA9\"]";
    EXPECT_EQ(compact(strings), strings);
}

TEST(Compact, HasNoLineBreaksLeft) {
    const std::string text = compact("{\n\r\n\"a\\n\"\r:\n\"b\\r\"\n}");
    EXPECT_EQ(text, R"({"a\n":"b\r"})");
}

TEST(Compact, RefusesWhatValidateRefuses) {
    // verdict() compares them.
    EXPECT_EQ(test::verdict("[1,]"), "invalid_json");
    EXPECT_EQ(test::verdict("\"\xFF\""), "invalid_utf8");
    EXPECT_EQ(test::verdict(test::nested(129)), "too_deep");
    EXPECT_EQ(test::verdict("[1,2]", {.max_elements = 2}), "too_complex");
}

TEST(Validate, TakesNumbersOfAnySize) {
    EXPECT_EQ(test::validate_verdict(std::string(1'000'000, '9')), "ok");
    EXPECT_EQ(test::validate_verdict("-0." + std::string(1'000'000, '9') + "E-99999999999"), "ok");
}

TEST(Validate, DoesNotLookBehindTheText) {
    const std::string buffer = "[12]3]\"";
    EXPECT_EQ(test::verdict(std::string_view(buffer).substr(0, 4)), "ok");
    EXPECT_EQ(test::verdict(std::string_view(buffer).substr(1, 1)), "ok");
    EXPECT_EQ(parse(std::string_view(buffer).substr(1, 1)), 1);
    EXPECT_EQ(test::verdict(std::string_view(buffer).substr(0, 3)), "invalid_json");
    // In blocks of their own, where a sanitizer sees one byte too many.
    for (const std::string_view text : {"tru", "\"a", "\"\\", "\"\\u12", "-", "1.", "1e", "[",
                                        "{\"a\"", "\"\\uD800\\", "\"\xE2\x82", "\"\xF0"}) {
        const std::vector<char> block(text.begin(), text.end());
        EXPECT_NE(test::verdict({block.data(), block.size()}), "ok") << text;
    }
    EXPECT_EQ(test::verdict({}), "invalid_json");
}

TEST(Printable, KeepsPrintableAscii) {
    std::string all;
    for (char c = ' '; c <= '~'; ++c) all += c;
    EXPECT_EQ(printable(all, all.size()), all);
    EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesEveryOtherByte) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        if (c >= ' ' && c <= '~') continue;
        const std::string shown = printable({&c, 1});
        test::expect_fit_for_a_log(shown);
        EXPECT_EQ(shown.front(), '\\') << byte;
        EXPECT_GE(shown.size(), 2u) << byte;
        EXPECT_LE(shown.size(), 4u) << byte;
    }
}

TEST(Printable, GivesDifferentBytesDifferentEscapes) {
    std::set<std::string> shown;
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        shown.insert(printable({&c, 1}));
    }
    EXPECT_EQ(shown.size(), 256u);
}

TEST(Printable, CutsLongText) {
    const std::string_view text = "0123456789";
    EXPECT_EQ(printable(text, 10), text);
    EXPECT_EQ(printable(text, 11), text);
    EXPECT_EQ(printable(text, 9).substr(0, 9), "012345678");
    EXPECT_EQ(printable(text, 9).find('9'), std::string::npos);
    EXPECT_NE(printable(text, 9), "012345678") << "nothing says that it was cut";
    EXPECT_LE(printable(std::string(3'000'000, '\n')).size(), 60u * 4 + 3);
    EXPECT_EQ(printable(std::string(60, 'a')), std::string(60, 'a'));
    EXPECT_LE(printable(std::string(61, 'a')).size(), 63u);
}

TEST(Printable, LeavesNothingThatForgesALogLine) {
    test::expect_fit_for_a_log(
        printable("a\r\n2026-01-01 ERROR forged\x1b[2J\x07\0\x7f\xC2\x85\xE2\x80\xA8"sv, 1'000));
}

}  // namespace
}  // namespace jsocket
