// SPDX-License-Identifier: Apache-2.0
#include "core/judge.hpp"

#include <gtest/gtest.h>

#include <string_view>

using namespace std::string_view_literals;

namespace jsocket::test {
namespace {

TEST(Judge, KnowsUtf8) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
    for (const std::string_view text : {"\x80", "\xC0\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
                                        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF8", "\xC3"}) {
        EXPECT_FALSE(is_utf8(text));
    }
}

TEST(Judge, KnowsJsonWhateverItsNumbers) {
    EXPECT_TRUE(judge("[1e400,18446744073709551616]").json);
    EXPECT_FALSE(judge("[1e400]").exact);
    EXPECT_FALSE(judge("[18446744073709551616]").exact);
    EXPECT_TRUE(judge("[18446744073709551615,\"1e999\\u1e99\"]").exact);
    EXPECT_FALSE(judge("{}\0"sv).json);
    EXPECT_FALSE(judge("\xEF\xBB\xBF{}").json);
    EXPECT_FALSE(judge("[1e]").json);
    EXPECT_FALSE(judge("[1e+]").json);
    EXPECT_FALSE(judge("").json);
}

TEST(Judge, CountsDepthAndElements) {
    const Judgement judgement = judge(R"({"a":[1,{"b":[]}],"a":"x"})");
    EXPECT_EQ(judgement.depth, 4u);
    EXPECT_EQ(judgement.elements, 6u);
}

TEST(Judge, StripsWhiteSpaceOutsideOfStrings) {
    EXPECT_EQ(without_white_space(" [ \"a \\\" b\\\\\" ,\n1 ] "), "[\"a \\\" b\\\\\",1]");
}

}  // namespace
}  // namespace jsocket::test
