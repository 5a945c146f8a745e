// SPDX-License-Identifier: Apache-2.0
#include "core/test_data.hpp"
#include "core/verdict.hpp"

#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;

namespace jsocket {
namespace {

using test::nested;
using test::verdict;

void expect_all(const std::vector<std::string_view>& texts, std::string_view expected) {
    for (const std::string_view text : texts) {
        EXPECT_EQ(verdict(text), expected) << testing::PrintToString(std::string(text));
    }
}

/// Every way not to be UTF-8, and as many that look like it but are.
const std::vector<std::string_view> ill_formed = {
    "\x80",                      // a continuation without a beginning
    "\xBF\x80",                  //
    "\xC3",                      // cut
    "\xE2\x82",                  //
    "\xF0\x9F\x98",              //
    "\xC3\xC3\xA9",              // cut by the next character
    "\xE2\x82G",                 //
    "\xF0\x9F\x98 ",             //
    "\xC0\x80",                  // overlong, 2 bytes
    "\xC0\xAF",                  //
    "\xC1\xBF",                  //
    "\xE0\x80\x80",              // overlong, 3 bytes
    "\xE0\x9F\xBF",              //
    "\xF0\x80\x80\x80",          // overlong, 4 bytes
    "\xF0\x8F\xBF\xBF",          //
    "\xED\xA0\x80",              // U+D800
    "\xED\xAF\xBF",              // U+DBFF
    "\xED\xB0\x80",              // U+DC00
    "\xED\xBF\xBF",              // U+DFFF
    "\xED\xA0\xBD\xED\xB8\x80",  // a pair of surrogates
    "\xF4\x90\x80\x80",          // U+110000
    "\xF5\x80\x80\x80",          //
    "\xF7\xBF\xBF\xBF",          //
    "\xF8\x88\x80\x80\x80",      // 5 and 6 bytes
    "\xFC\x84\x80\x80\x80\x80",  //
    "\xFE",
    "\xFF",
    "\xE9",  // Latin-1
};

const std::vector<std::string_view> well_formed = {
    "\x7F",         "\xC2\x80",         "\xDF\xBF",         "\xE0\xA0\x80",
    "\xED\x9F\xBF", "\xEE\x80\x80",     "\xEF\xBF\xBF",     "\xEF\xBB\xBF",
    "\xEF\xB7\x90", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xF0\x9F\x98\x80",
};

TEST(Json, IsOneValueOfAnyKind) {
    expect_all({"null", "true", "false", "0", "-1.5e-3", "\"\"", "\"text\"", "[]", "{}",
                " \t\r\n{ \t\r\n} \t\r\n", "[1,\"a\",null,[],{}]", "{\"\":{\"\":[]}}"},
               "ok");
}

TEST(Json, IsNotNothing) { expect_all({"", " ", "\n", " \t\r\n "}, "invalid_json"); }

TEST(Json, EndsWithItsValue) {
    expect_all({"{}{}", "{} {}", "{}\n{}", "1 2", "[]]", "{}}", "null,", "{}x", "\"a\"\"b\"",
                "[] //", "{}/**/", "truefalse", "1;"},
               "invalid_json");
}

TEST(Json, HasNoNulAnywhere) {
    expect_all({"{}\0"sv, "\0{}"sv, "\0"sv, "123\0"sv, "{\0}"sv, "[1,\0 2]"sv, "\"a\0b\""sv,
                "{\"a\0\":1}"sv, "{}\0garbage"sv, "tr\0ue"sv, "1\0"sv, "\"\\\0\""sv,
                "\"\\u00\0 \""sv, "[]\n\0"sv},
               "invalid_json");
    EXPECT_EQ(verdict("\"a\\u0000b\""), "ok");
    EXPECT_EQ(parse("\"a\\u0000b\"").get<std::string>(), "a\0b"sv);
}

TEST(Json, HasNoByteOrderMark) {
    expect_all({"\xEF\xBB\xBF{}", "\xEF\xBB\xBF", " \xEF\xBB\xBF{}", "{}\xEF\xBB\xBF"},
               "invalid_json");
    expect_all({"\xEF\xBB", "\xEF\xBB{}", "\xFE\xFF\0{\0}"sv, "\xFF\xFE{\0}\0"sv}, "invalid_utf8");
}

TEST(Json, HasNoWhiteSpaceButItsOwn) {
    expect_all(
        {"\v{}", "\f{}", "{}\v", "[1,\f2]", "\xC2\xA0{}", "{}\xE2\x80\xA8", "\x1F{}", "\x7F"},
        "invalid_json");
}

TEST(Json, HasNoCommentsAndNoTrailingCommas) {
    expect_all({"/**/{}", "{}//", "[1,]", "{\"a\":1,}", "[,1]", "[,]", "{,}", "[1,,2]",
                "{\"a\":1,,\"b\":2}", "#\n{}"},
               "invalid_json");
}

TEST(Json, SpellsItsLiteralsInOneWay) {
    expect_all({"True", "TRUE", "nul", "nulll", "fals", "t", "NaN", "nan", "Infinity", "-Infinity",
                "-NaN", "inf", "undefined", "None", "'a'", "a", "`a`"},
               "invalid_json");
}

TEST(Json, PairsItsBrackets) {
    expect_all({"[",      "{",        "]",         "}",         "[}",        "{]",
                "[[]",    "{\"a\":1", "{\"a\":[}", "[{]}",      "[1",        "[1,",
                "{\"a\"", "{\"a\":",  "{\"a\":1,", "[\"a",      "{\"a\" 1}", "{\"a\",1}",
                "{1:2}",  "{null:1}", "{\"a\":}",  "[\"a\":1]", "[1 2]",     "{\"a\":1 \"b\":2}",
                "{[]:1}"},
               "invalid_json");
}

TEST(Json, EscapesInOneWay) {
    EXPECT_EQ(parse(R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\uD83D\uDE00")").get<std::string>(),
              "\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    expect_all({R"("\"\\\/\b\f\n\r\t\u00e9\u20AC\uD83D\uDE00")"}, "ok");
    expect_all({R"("\a")", R"("\x41")", R"("\0")", R"("\'")", R"("\U0041")", R"("\u")", R"("\u1")",
                R"("\u12")", R"("\u123")", R"("\u123g")", R"("\u+123")", R"("\u-123")",
                R"("\u 123")", R"("\u0x1")", R"("\)", R"("\")", R"("\\\")", "\"\\\n\"", "\"\\"},
               "invalid_json");
}

TEST(Json, PairsEscapedSurrogates) {
    expect_all({R"("\uD800\uDC00")", R"("\udbff\udfff")", R"("\uD7FF\uE000")", R"("\\uD800")"},
               "ok");
    expect_all({R"("\uD800")", R"("\uDBFF")", R"("\uDC00")", R"("\uDFFF")", R"("\uDC00\uD800")",
                R"("\uD800x")", R"("\uD800\n")", R"("\uD800\\uDC00")", R"("\uD800\uD800\uDC00")",
                R"("\uD800\u0041")", R"("\uD800\uDC0")", R"("\uD800\uE000")", R"("\uD800\)",
                R"({"\uD800":1})"},
               "invalid_json");
}

TEST(Json, HasNoControlCharactersInStrings) {
    for (char c = 0; c < 0x20; ++c) {
        const std::string text = std::string("\"a") + c + "b\"";
        EXPECT_EQ(verdict(text), "invalid_json") << int{c};
    }
    expect_all({"\"\x7F\"", "\" \""}, "ok");
}

TEST(Json, IsUtf8InValuesAndNames) {
    for (const std::string_view bytes : ill_formed) {
        const std::string inside(bytes);
        for (const std::string& text :
             {'"' + inside + '"', "[\"x" + inside + "y\",1]", "{\"" + inside + "\":1}",
              "{\"a\":{\"b" + inside + "\":null}}", '"' + inside, inside}) {
            EXPECT_EQ(verdict(text), "invalid_utf8") << testing::PrintToString(text);
        }
    }
}

TEST(Json, TakesEveryCodePointInValuesAndNames) {
    for (const std::string_view bytes : well_formed) {
        const std::string inside(bytes);
        EXPECT_EQ(verdict('"' + inside + '"'), "ok") << testing::PrintToString(inside);
        EXPECT_EQ(verdict("{\"" + inside + "\":1}"), "ok") << testing::PrintToString(inside);
        EXPECT_EQ(parse('"' + inside + '"').get<std::string>(), inside);
    }
}

TEST(Json, SaysInvalidUtf8WhateverElseIsWrong) {
    const std::string too_deep = nested(129) + "\xFF";
    expect_all({"nonsense \xFF", "\xFF{}", "{}\xFF", "{}\0\xFF"sv, "[1,]\xC0\x80", "{\xED\xA0\x80",
                "\xEF\xBB\xBF{}\xFF", "\"\\uD800\"\xFF", "[18446744073709551616,\"\xFF\"]",
                "[1e400,\"\xFF\"]", "\"\x01\xFF\"", too_deep},
               "invalid_utf8");
    EXPECT_EQ(verdict("[1,2,3,\"\xFF\"]", {.max_elements = 2}), "invalid_utf8");
}

TEST(Json, KeepsTheLastOfMembersWithTheSameName) {
    EXPECT_EQ(parse(R"({"a":1,"b":2,"a":3})"), json::parse(R"({"a":3,"b":2})"));
    EXPECT_EQ(parse(R"({"a":1,"\u0061":2})").dump(), R"({"a":2})");
}

TEST(Json, OrdersMembersByName) {
    EXPECT_EQ(parse(R"({"b":1,"a":2,"":3,"B":4})").dump(), R"({"":3,"B":4,"a":2,"b":1})");
}

TEST(Json, QuotesLittleOfWhatItRefuses) {
    constexpr std::size_t huge = 3'000'000;
    const std::string letters(huge, 'a');
    const std::string breaks(huge, '\n');
    const std::string digits(huge, '9');
    // verdict() looks at the text of each exception.
    for (const std::string& text :
         {letters, '"' + letters + '\x01', '"' + letters, '"' + letters + "\\x", "[\"" + letters,
          breaks + '\x01', "nul" + breaks, "\"\x1b[31m" + breaks, "-" + letters, digits + 'x',
          "1." + letters, "{\"" + letters + "\":" + '\x01', "\r\nforged line: " + letters}) {
        EXPECT_EQ(verdict(text), "invalid_json") << text.substr(0, 20);
    }
    EXPECT_EQ(verdict('"' + letters + '\xFF'), "invalid_utf8");
    EXPECT_EQ(test::parse_verdict(digits), "invalid_json");
    EXPECT_EQ(test::parse_verdict('-' + digits), "invalid_json");
    EXPECT_EQ(test::parse_verdict(digits + ".0"), "invalid_json");
    EXPECT_EQ(test::parse_verdict("1e" + digits), "invalid_json");
}

TEST(Json, SaysWhereItIsWrong) {
    try {
        parse("{\"a\": nonsense}");
        FAIL() << "accepted";
    } catch (const PayloadError& error) {
        EXPECT_NE(std::string_view(error.what()).find("6"), std::string_view::npos) << error.what();
        EXPECT_NE(std::string_view(error.what()).find("nonsense"), std::string_view::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace jsocket
