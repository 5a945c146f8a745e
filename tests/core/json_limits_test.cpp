// SPDX-License-Identifier: Apache-2.0
#include "core/test_data.hpp"
#include "core/verdict.hpp"

#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket {
namespace {

using test::nested;
using test::repeated;
using test::verdict;

/// What serialize() says: "ok", or whether the value or its text is refused.
std::string serialize_verdict(const json& value, const Limits& limits) {
    std::string out = "before";
    try {
        serialize(value, out, limits);
        EXPECT_EQ(out, "before" + value.dump());
        return "ok";
    } catch (const MessageTooLarge& error) {
        EXPECT_EQ(out, "before");
        EXPECT_EQ(error.size(), value.dump().size());
        EXPECT_EQ(error.limit(), limits.max_message_size);
        return "too_large";
    } catch (const UsageError& error) {
        EXPECT_EQ(out, "before");
        test::expect_fit_for_a_log(error.what());
        return error.what();
    }
}

/// An array of `elements` values, itself included.
std::string flat(std::size_t elements, std::string_view value = "0") {
    std::string text = "[";
    for (std::size_t i = 1; i < elements; ++i) text.append(i == 1 ? "" : ",").append(value);
    return text + "]";
}

TEST(DepthLimit, HoldsAtEveryDepthUpToAThousand) {
    for (std::size_t n = 1; n <= 1'000; ++n) {
        const Limits limits{.max_depth = n};
        EXPECT_EQ(verdict(nested(n - 1, "[", "0"), limits), "ok") << n;
        EXPECT_EQ(verdict(nested(n), limits), "ok") << n;
        EXPECT_EQ(verdict(nested(n + 1), limits), "too_deep") << n;
        EXPECT_EQ(verdict(nested(n, "{\"a\":", "null", "}"), limits), "ok") << n;
        EXPECT_EQ(verdict(nested(n + 1, "{\"a\":", "null", "}"), limits), "too_deep") << n;
    }
}

TEST(DepthLimit, HoldsWhenSerializing) {
    for (const std::size_t n : {1, 2, 3, 127, 128, 129, 999, 1'000}) {
        const Limits limits{.max_depth = n};
        const auto arrays = [](std::size_t depth) { return json::parse(nested(depth)); };
        const auto objects = [](std::size_t depth) {
            return json::parse(nested(depth, "{\"a\":", "null", "}"));
        };
        EXPECT_EQ(serialize_verdict(arrays(n - (n > 1)), limits), "ok") << n;
        EXPECT_EQ(serialize_verdict(arrays(n), limits), "ok") << n;
        EXPECT_EQ(serialize_verdict(objects(n), limits), "ok") << n;
        for (const json& value : {arrays(n + 1), objects(n + 1)}) {
            EXPECT_NE(serialize_verdict(value, limits).find("max_depth"), std::string::npos) << n;
        }
    }
}

TEST(DepthLimit, CountsNestingAndNotContainersWhenSerializing) {
    EXPECT_EQ(serialize_verdict(json::parse(flat(1'000, "[]")), {.max_depth = 2}), "ok");
    EXPECT_EQ(serialize_verdict(json::parse(flat(1'000, "{\"a\":{}}")), {.max_depth = 3}), "ok");
}

TEST(DepthLimit, IsAHundredAndTwentyEightUnlessSaidOtherwise) {
    EXPECT_EQ(verdict(nested(127)), "ok");
    EXPECT_EQ(verdict(nested(128)), "ok");
    EXPECT_EQ(verdict(nested(129)), "too_deep");
}

TEST(DepthLimit, IsNeverAboveAThousand) {
    for (const std::size_t depth : {std::size_t{5'000}, std::size_t{SIZE_MAX}}) {
        EXPECT_EQ(verdict(nested(1'000), {.max_depth = depth}), "ok");
        EXPECT_EQ(verdict(nested(1'001), {.max_depth = depth}), "too_deep");
        EXPECT_EQ(verdict(nested(5'000), {.max_depth = depth}), "too_deep");
        EXPECT_EQ(serialize_verdict(json::parse(nested(1'000)), {.max_depth = depth}), "ok");
        EXPECT_NE(serialize_verdict(json::parse(nested(1'001)), {.max_depth = depth}), "ok");
    }
}

TEST(DepthLimit, CountsNestingAndNotBrackets) {
    const Limits limits{.max_depth = 2};
    for (const std::string_view text :
         {R"(["[[[[[[{{{{{{"])", R"({"[[[[{{{{":["]]]]"]})", R"(["\"[[[[", "\\", [ ] ])",
          R"(["\\\\", [1], ["\\\"[[["]])", R"([ "\"" , ["\\"] , "[[[\\" ])", R"([{},[],{},[]])",
          R"(["]]]]]]", []])"}) {
        EXPECT_EQ(verdict(text, limits), "ok") << text;
    }
    EXPECT_EQ(verdict(flat(1'000, "[]"), limits), "ok");
    EXPECT_EQ(verdict("[[],[],[{},{}]]", limits), "too_deep");
}

TEST(DepthLimit, IsNotEvadedByQuotesAndBackslashes) {
    const Limits limits{.max_depth = 3};
    for (const std::string_view text :
         {R"(["\\",[[[1]]]])", R"(["\\\\",[[[1]]]])", R"(["\"",[[[1]]]])", R"(["\\\"",[[[1]]]])",
          R"({"\\":{"\"":{"a":{"]]":1}}}})", R"(["]]]",[[["[["]]]])", R"([[[ [ ] ]]])",
          R"(["\u005c",[[[1]]]])", R"(["\u0022",[[[1]]]])"}) {
        EXPECT_EQ(verdict(text, limits), "too_deep") << text;
    }
}

TEST(DepthLimit, RefusesAHundredThousandBracketsBeforeTheyAreClosed) {
    for (const std::string_view opening : {"[", "{\"a\":", "[{\"a\":", "\n[\n"}) {
        EXPECT_EQ(verdict(repeated(opening, 100'000)), "too_deep") << opening;
    }
    EXPECT_EQ(verdict(nested(100'000)), "too_deep");
    EXPECT_EQ(verdict(nested(100'000, "[", "", "]") + "]"), "too_deep");
    EXPECT_EQ(verdict(repeated("]", 100'000)), "invalid_json");
}

TEST(ElementLimit, HoldsAtEveryNumberOfElements) {
    for (std::size_t n = 1; n <= 200; ++n) {
        const Limits limits{.max_elements = n};
        EXPECT_EQ(verdict(flat(n - (n > 1)), limits), "ok") << n;
        EXPECT_EQ(verdict(flat(n), limits), "ok") << n;
        EXPECT_EQ(verdict(flat(n + 1), limits), "too_complex") << n;
        EXPECT_EQ(serialize_verdict(json::parse(flat(n)), limits), "ok") << n;
        EXPECT_NE(serialize_verdict(json::parse(flat(n + 1)), limits).find("max_elements"),
                  std::string::npos)
            << n;
    }
}

TEST(ElementLimit, CountsContainersAndValuesOfEveryKindButNotNames) {
    struct Example {
        std::string text;
        std::size_t elements;
    };
    for (const auto& [text, elements] :
         std::vector<Example>{{"0", 1},
                              {"\"a,b,[c]\"", 1},
                              {"[]", 1},
                              {"[1,2]", 3},
                              {"{\"a\":1,\"b\":2}", 3},
                              {"{\"a\":{},\"b\":[]}", 3},
                              {"[null,true,false,0,-1.5,\"a\",[],{}]", 9},
                              {"[[[[0]]]]", 5},
                              {"{\"a\":{\"b\":{\"c\":[1,2,3]}}}", 7},
                              {"[\"\\\",\",\",,,\"]", 3}}) {
        EXPECT_EQ(verdict(text, {.max_elements = elements}), "ok") << text;
        EXPECT_EQ(serialize_verdict(json::parse(text), {.max_elements = elements}), "ok") << text;
        if (elements == 1) continue;
        EXPECT_EQ(verdict(text, {.max_elements = elements - 1}), "too_complex") << text;
        EXPECT_NE(serialize_verdict(json::parse(text), {.max_elements = elements - 1}), "ok")
            << text;
    }
}

TEST(ElementLimit, CountsEveryMemberOfTheSameName) {
    EXPECT_EQ(verdict(R"({"a":1,"a":2,"a":3})", {.max_elements = 4}), "ok");
    EXPECT_EQ(verdict(R"({"a":1,"a":2,"a":3})", {.max_elements = 3}), "too_complex");
}

TEST(ElementLimit, IsAMillionUnlessSaidOtherwise) {
    EXPECT_EQ(verdict(flat(999'999)), "ok");
    EXPECT_EQ(verdict(flat(1'000'000)), "ok");
    EXPECT_EQ(verdict(flat(1'000'001)), "too_complex");
}

TEST(SizeLimit, HoldsForTheTextThatSerializeWrites) {
    for (std::size_t n = 2; n <= 300; ++n) {
        const json value = std::string(n - 2, 'a');  // with its quotes, n bytes
        EXPECT_EQ(serialize_verdict(value, {.max_message_size = n + 1}), "ok") << n;
        EXPECT_EQ(serialize_verdict(value, {.max_message_size = n}), "ok") << n;
        EXPECT_EQ(serialize_verdict(value, {.max_message_size = n - 1}), "too_large") << n;
    }
}

TEST(SizeLimit, CountsBytesAsTheyAreSentAndNotWhatWasInTheString) {
    // 4 bytes of UTF-8 stay 4; a control character takes 6.
    EXPECT_EQ(serialize_verdict("\xF0\x9F\x98\x80", {.max_message_size = 6}), "ok");
    EXPECT_EQ(serialize_verdict("\xF0\x9F\x98\x80", {.max_message_size = 5}), "too_large");
    EXPECT_EQ(serialize_verdict("\x01", {.max_message_size = 8}), "ok");
    EXPECT_EQ(serialize_verdict("\x01", {.max_message_size = 7}), "too_large");
}

TEST(SizeLimit, IsTenMebibytesUnlessSaidOtherwise) {
    constexpr std::size_t limit = 10 * 1024 * 1024;
    EXPECT_EQ(serialize_verdict(std::string(limit - 2, 'a'), {}), "ok");
    EXPECT_EQ(serialize_verdict(std::string(limit - 1, 'a'), {}), "too_large");
}

}  // namespace
}  // namespace jsocket
