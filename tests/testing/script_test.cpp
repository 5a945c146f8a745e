// SPDX-License-Identifier: Apache-2.0
#include "testing/pattern.hpp"

#include <jsocket/error.hpp>
#include <jsocket/testing/script.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using jsocket::json;
using jsocket::UsageError;
using jsocket::testing::anything;
using jsocket::testing::difference;
using jsocket::testing::Script;
using jsocket::testing::shown;

std::string difference_of(const char* pattern, const char* got) {
    return difference(json::parse(pattern), json::parse(got)).value_or("");
}

TEST(Difference, IsNoneOfTheSameValue) {
    EXPECT_EQ(difference_of(R"({"a":[1,{"b":null}]})", R"({ "a" : [1.0, {"b": null}] })"), "");
    EXPECT_EQ(difference_of("null", "null"), "");
}

TEST(Difference, NamesThePathAndBothValues) {
    EXPECT_EQ(difference_of(R"({"a":[1,2]})", R"({"a":[1,"x"]})"),
              "at /a/1: there is \"x\" instead of 2");
    EXPECT_EQ(difference_of("1", "[]"), "there is [] instead of 1");
    EXPECT_EQ(difference_of(R"({"a":1,"b":2})", R"({"a":1})"),
              "at /b: there is nothing instead of 2");
    EXPECT_EQ(difference_of(R"({"a":1})", R"({"a":1,"b":2})"), "at /b: there is 2 in excess");
    EXPECT_EQ(difference_of("[1]", "[1,2,3]"), "at /-: there is 2 in excess");
    EXPECT_EQ(difference_of(R"({"a/b":1})", R"({"a/b":2})"), "at /a~1b: there is 2 instead of 1");
}

TEST(Difference, IsNoneWhereAnythingMayBe) {
    const json pattern = {{"id", anything()}, {"params", {1, anything()}}};
    EXPECT_EQ(difference(pattern, {{"id", 7}, {"params", {1, {{"deep", true}}}}}), std::nullopt);
    EXPECT_EQ(difference(anything(), nullptr), std::nullopt);
    EXPECT_EQ(difference(pattern, {{"id", 7}, {"params", {2, 3}}}),
              "at /params/0: there is 2 instead of 1");
}

TEST(Difference, NeedsSomethingWhereAnythingMayBe) {
    const json pattern = {{"id", anything()}, {"list", {anything()}}};
    EXPECT_EQ(difference(pattern, {{"list", {1}}}),
              "at /id: there is nothing instead of \"<anything>\"");
    EXPECT_NE(difference(pattern, {{"id", 1}, {"list", json::array()}}), std::nullopt);
    EXPECT_NE(difference(pattern, json::array()), std::nullopt);
}

TEST(Shown, IsShortAndAscii) {
    EXPECT_EQ(shown({{"a", anything()}, {"b", "\u00e9"}}), R"({"a":"<anything>","b":"\u00e9"})");
    EXPECT_LT(shown(std::string(100'000, 'x')).size(), 210U);
    EXPECT_EQ(shown("\xff"), R"("\ufffd")");
}

TEST(Script, RefusesAStepThatCanNeverBePlayed) {
    EXPECT_THROW(Script().reply(1), UsageError);
    EXPECT_THROW(Script().reply([](const json&) { return json(1); }), UsageError);
    EXPECT_THROW(Script().expect(1).reconnect().reply(1), UsageError);
    EXPECT_THROW(Script().close().send(1), UsageError);
    EXPECT_THROW(Script().close().close(), UsageError);
    EXPECT_THROW(Script().expect_close().expect(1), UsageError);
    EXPECT_THROW(Script().expect_bytes("x").expect(1), UsageError);
    EXPECT_THROW(Script().expect_bytes(""), UsageError);
    EXPECT_THROW(Script().expect("nothing", nullptr), UsageError);
    EXPECT_NO_THROW(Script().expect_close().send(1).close().reconnect().expect(1).reply(2));
}

}  // namespace
