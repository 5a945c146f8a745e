// SPDX-License-Identifier: Apache-2.0
#include <jsocket/json.hpp>
#include <jsocket/rpc/to_value.hpp>

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace jsocket::rpc {
namespace {

using Maybe = std::optional<int>;

TEST(ToValue, MakesOfAValueWhatNlohmannMakesOfIt) {
    EXPECT_EQ(to_value(5).dump(), "5");
    EXPECT_EQ(to_value(json{{"a", 1}}).dump(), R"({"a":1})");
    EXPECT_EQ(to_value(std::vector<json>{1, "a"}).dump(), R"([1,"a"])");
    EXPECT_EQ(to_value(std::vector<bool>{true}).dump(), "[true]");
    EXPECT_EQ(to_value(std::pair(1, true)).dump(), "[1,true]");
    EXPECT_EQ(to_value(std::map<std::string, int>{{"a", 1}}).dump(), R"({"a":1})");
    EXPECT_EQ(to_value("text").dump(), "\"text\"");
}

TEST(ToValue, MakesNullOfAnEmptyOptional) {
    EXPECT_EQ(to_value(Maybe()).dump(), "null");
    EXPECT_EQ(to_value(Maybe(3)).dump(), "3");
    EXPECT_EQ(to_value(std::optional<json>(json::array())).dump(), "[]");
    EXPECT_EQ(to_value(std::optional<Maybe>(Maybe())).dump(), "null");
}

TEST(ToValue, FindsOptionalsWithinContainers) {
    EXPECT_EQ(to_value(std::vector<Maybe>{1, {}, 3}).dump(), "[1,null,3]");
    EXPECT_EQ(to_value(std::list<std::optional<std::string>>{"a", {}}).dump(), R"(["a",null])");
    EXPECT_EQ(to_value(std::map<std::string, Maybe>{{"a", 1}, {"b", {}}}).dump(),
              R"({"a":1,"b":null})");
    EXPECT_EQ(to_value(std::tuple<int, Maybe, std::vector<Maybe>>(1, {}, {2, {}})).dump(),
              "[1,null,[2,null]]");
    EXPECT_EQ(to_value(std::pair<Maybe, bool>({}, true)).dump(), "[null,true]");
}

TEST(ToValue, MovesOutOfWhatIsGivenAway) {
    json given = std::string(100, 'x');
    const char* text = given.get_ref<const std::string&>().data();
    EXPECT_EQ(to_value(std::move(given)).get_ref<const std::string&>().data(), text);
}

}  // namespace
}  // namespace jsocket::rpc
