// SPDX-License-Identifier: Apache-2.0
#include <jsocket/rpc/schema.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace jsocket::rpc {

namespace {
struct Opaque {};
struct Point {
    int x = 0;
};
}  // namespace

template <>
struct Schema<Point> {
    static json value() {
        return {{"type", "object"}, {"properties", {{"x", Schema<int>::value()}}}};
    }
};

namespace {

template <typename T>
std::string schema() {
    return Schema<T>::value().dump();
}

TEST(Schema, SaysTheKindOfAValue) {
    EXPECT_EQ(schema<bool>(), R"({"type":"boolean"})");
    EXPECT_EQ(schema<double>(), R"({"type":"number"})");
    EXPECT_EQ(schema<float>(), R"({"type":"number"})");
    EXPECT_EQ(schema<std::string>(), R"({"type":"string"})");
    EXPECT_EQ(schema<void>(), R"({"type":"null"})");
    EXPECT_EQ(schema<json>(), "{}");
    EXPECT_EQ(schema<Opaque>(), "{}");
}

TEST(Schema, SaysTheRangeOfIntegers) {
    EXPECT_EQ(schema<int>(), R"({"maximum":2147483647,"minimum":-2147483648,"type":"integer"})");
    EXPECT_EQ(schema<std::uint8_t>(), R"({"maximum":255,"minimum":0,"type":"integer"})");
    EXPECT_EQ(schema<signed char>(), R"({"maximum":127,"minimum":-128,"type":"integer"})");
    EXPECT_EQ(schema<char32_t>(), R"({"maximum":4294967295,"minimum":0,"type":"integer"})");
    EXPECT_EQ(schema<std::uint64_t>(),
              R"({"maximum":18446744073709551615,"minimum":0,"type":"integer"})");
    EXPECT_EQ(schema<std::int64_t>(),
              R"({"maximum":9223372036854775807,"minimum":-9223372036854775808,)"
              R"("type":"integer"})");
    EXPECT_EQ(Schema<wchar_t>::value().at("maximum"), std::numeric_limits<wchar_t>::max());
    EXPECT_EQ(Schema<char>::value().at("minimum"), std::numeric_limits<char>::min());
}

TEST(Schema, SaysWhatIsInContainers) {
    EXPECT_EQ(schema<std::vector<bool>>(), R"({"items":{"type":"boolean"},"type":"array"})");
    EXPECT_EQ((schema<std::map<std::string, std::vector<std::string>>>()),
              R"({"additionalProperties":{"items":{"type":"string"},"type":"array"},)"
              R"("type":"object"})");
    EXPECT_EQ(schema<std::optional<bool>>(), R"({"anyOf":[{"type":"boolean"},{"type":"null"}]})");
}

TEST(Schema, SaysTheSizeOfTuples) {
    const std::string two =
        R"({"items":[{"type":"boolean"},{"type":"string"}],"maxItems":2,"minItems":2,)"
        R"("type":"array"})";
    EXPECT_EQ((schema<std::pair<bool, std::string>>()), two);
    EXPECT_EQ((schema<std::tuple<bool, std::string>>()), two);
    EXPECT_EQ((schema<std::array<bool, 1>>()),
              R"({"items":[{"type":"boolean"}],"maxItems":1,"minItems":1,"type":"array"})");
    EXPECT_EQ(schema<std::tuple<>>(), R"({"maxItems":0,"minItems":0,"type":"array"})");
}

TEST(Schema, CanBeGivenForATypeOfOnesOwn) {
    EXPECT_EQ(Schema<std::vector<Point>>::value().at("items").at("properties").at("x"),
              Schema<int>::value());
}

}  // namespace
}  // namespace jsocket::rpc
