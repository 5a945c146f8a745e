// SPDX-License-Identifier: Apache-2.0
#include "support/error_of.hpp"

#include <jsocket/json.hpp>
#include <jsocket/rpc/convert.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace jsocket::rpc {
namespace {

using test_support::error_of;

template <typename T>
T from(std::string_view text) {
    return convert<T>(json::parse(text), "n");
}

/// Why a text is no T.
template <typename T>
std::string refusal(std::string_view text) {
    return error_of<ConversionError>([&] { from<T>(text); })->what();
}

TEST(Convert, TakesBooleansOnlyAsBooleans) {
    EXPECT_TRUE(from<bool>("true"));
    EXPECT_FALSE(from<bool>("false"));
    EXPECT_EQ(refusal<bool>("1"), "n: 1 is not true or false");
    EXPECT_EQ(refusal<bool>("0"), "n: 0 is not true or false");
    EXPECT_EQ(refusal<bool>("null"), "n: null is not true or false");
    EXPECT_EQ(refusal<bool>("\"true\""), "n: \"true\" is not true or false");
}

TEST(Convert, TakesIntegersInRange) {
    EXPECT_EQ(from<int>("2147483647"), 2147483647);
    EXPECT_EQ(from<int>("-2147483648"), std::numeric_limits<int>::min());
    EXPECT_EQ(from<std::uint8_t>("255"), 255);
    EXPECT_EQ(from<std::int8_t>("-128"), -128);
    EXPECT_EQ(from<char>("65"), 'A');
    EXPECT_EQ(from<std::int64_t>("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(from<std::int64_t>("-9223372036854775808"), INT64_MIN);
    EXPECT_EQ(from<std::uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(from<std::uint64_t>("0"), 0U);
}

TEST(Convert, RefusesIntegersOutOfRange) {
    EXPECT_EQ(refusal<int>("4294967297"),
              "n: 4294967297 is not between -2147483648 and 2147483647");
    EXPECT_EQ(refusal<int>("2147483648"),
              "n: 2147483648 is not between -2147483648 and 2147483647");
    EXPECT_EQ(refusal<int>("-2147483649"),
              "n: -2147483649 is not between -2147483648 and 2147483647");
    EXPECT_EQ(refusal<unsigned>("-1"), "n: -1 is not between 0 and 4294967295");
    EXPECT_EQ(refusal<std::uint64_t>("-1"), "n: -1 is not between 0 and 18446744073709551615");
    EXPECT_EQ(refusal<std::uint8_t>("256"), "n: 256 is not between 0 and 255");
    EXPECT_EQ(refusal<std::int64_t>("9223372036854775808"),
              "n: 9223372036854775808 is not between -9223372036854775808 and "
              "9223372036854775807");
    EXPECT_EQ(refusal<int>("18446744073709551615"),
              "n: 18446744073709551615 is not between -2147483648 and 2147483647");
}

TEST(Convert, TakesWholeNumbersHoweverTheyAreWritten) {
    EXPECT_EQ(from<int>("3.0"), 3);
    EXPECT_EQ(from<int>("-3.0"), -3);
    EXPECT_EQ(from<unsigned>("1e3"), 1000U);
    EXPECT_EQ(from<unsigned>("-0.0"), 0U);
    EXPECT_EQ(from<std::int64_t>("-9223372036854775808.0"), INT64_MIN);
    EXPECT_EQ(from<std::uint64_t>("18446744073709549568.0"), 18446744073709549568U);
    EXPECT_EQ(refusal<int>("3.9"), "n: 3.9 is not an integer");
    EXPECT_EQ(refusal<int>("-0.5"), "n: -0.5 is not an integer");
    EXPECT_EQ(refusal<int>("1e300"), "n: 1e+300 is not an integer");
    EXPECT_EQ(refusal<std::uint64_t>("18446744073709551616.0"),
              "n: 1.8446744073709552e+19 is not an integer");
    EXPECT_EQ(refusal<int>("1e10"), "n: 10000000000.0 is not between -2147483648 and 2147483647");
}

TEST(Convert, TakesNoOtherKindForAnInteger) {
    EXPECT_EQ(refusal<int>("true"), "n: true is not an integer");
    EXPECT_EQ(refusal<int>("null"), "n: null is not an integer");
    EXPECT_EQ(refusal<int>("\"3\""), "n: \"3\" is not an integer");
    EXPECT_EQ(refusal<int>("[3]"), "n: an array is not an integer");
    EXPECT_EQ(refusal<int>("{}"), "n: an object is not an integer");
    EXPECT_THROW(convert<int>(json(std::numeric_limits<double>::quiet_NaN()), "n"),
                 ConversionError);
    EXPECT_THROW(convert<int>(json(std::numeric_limits<double>::infinity()), "n"), ConversionError);
}

TEST(Convert, TakesNumbersForDoubles) {
    EXPECT_EQ(from<double>("3.9"), 3.9);
    EXPECT_EQ(from<double>("-3"), -3.0);
    EXPECT_EQ(from<double>("1.7976931348623157e308"), std::numeric_limits<double>::max());
    EXPECT_EQ(from<double>("5e-324"), std::numeric_limits<double>::denorm_min());
    EXPECT_EQ(from<float>("0.5"), 0.5F);
    EXPECT_EQ(from<float>("0.1"), 0.1F);
    EXPECT_EQ(refusal<double>("true"), "n: true is not a number");
    EXPECT_EQ(refusal<double>("\"1\""), "n: \"1\" is not a number");
}

TEST(Convert, TakesIntegersForDoublesIfTheyHoldThemExactly) {
    EXPECT_EQ(from<double>("9007199254740992"), 0x1p53);
    EXPECT_EQ(from<double>("-9007199254740992"), -0x1p53);
    EXPECT_EQ(from<double>("9007199254740994"), 0x1p53 + 2);
    EXPECT_EQ(from<double>("18014398509481984"), 0x1p54);
    EXPECT_EQ(from<double>("-9223372036854775808"), -0x1p63);
    EXPECT_EQ(refusal<double>("9007199254740993"),
              "n: 9007199254740993 is not a number that a double holds exactly");
    EXPECT_EQ(refusal<double>("-9007199254740993"),
              "n: -9007199254740993 is not a number that a double holds exactly");
    EXPECT_EQ(refusal<double>("18446744073709551615"),
              "n: 18446744073709551615 is not a number that a double holds exactly");
    EXPECT_EQ(refusal<double>("9223372036854775807"),
              "n: 9223372036854775807 is not a number that a double holds exactly");
}

TEST(Convert, TakesIntegersForFloatsIfTheyHoldThemExactly) {
    EXPECT_EQ(from<float>("16777216"), 0x1p24F);
    EXPECT_EQ(from<float>("16777218"), 0x1p24F + 2);
    EXPECT_EQ(refusal<float>("16777217"), "n: 16777217 is not a number that a float holds exactly");
    EXPECT_EQ(refusal<float>("-16777217"),
              "n: -16777217 is not a number that a float holds exactly");
}

TEST(Convert, RefusesWhatIsBeyondAFloat) {
    EXPECT_EQ(from<float>("3.4028234663852886e38"), std::numeric_limits<float>::max());
    EXPECT_EQ(refusal<float>("1e39"), "n: 1e+39 is not in the range of a float");
    EXPECT_EQ(refusal<float>("-1e300"), "n: -1e+300 is not in the range of a float");
}

TEST(Convert, TakesStringsAsTheyAre) {
    EXPECT_EQ(from<std::string>("\"\""), "");
    EXPECT_EQ(from<std::string>("\"a\\u0000b\""), std::string("a\0b", 3));
    EXPECT_EQ(refusal<std::string>("1"), "n: 1 is not a string");
    EXPECT_EQ(refusal<std::string>("null"), "n: null is not a string");
}

TEST(Convert, MovesOutOfAValueThatIsGivenAwayAndCopiesOthers) {
    json given = std::string(100, 'x');
    const char* text = given.get_ref<const std::string&>().data();
    EXPECT_EQ(convert<std::string>(std::move(given), "n").data(), text);
    const json kept = std::string(100, 'y');
    EXPECT_EQ(convert<std::string>(kept, "n"), std::string(100, 'y'));
    EXPECT_EQ(kept, std::string(100, 'y'));
}

TEST(Convert, TakesNullForAnOptionalThatIsEmpty) {
    EXPECT_EQ(from<std::optional<int>>("null"), std::nullopt);
    EXPECT_EQ(from<std::optional<int>>("0"), 0);
    EXPECT_EQ(from<std::optional<json>>("null"), std::nullopt);
    EXPECT_EQ(from<std::optional<json>>("[null]"), json::parse("[null]"));
    EXPECT_EQ(refusal<std::optional<int>>("3.5"), "n: 3.5 is not an integer");
}

TEST(Convert, TakesArraysForContainers) {
    EXPECT_EQ(from<std::vector<int>>("[1,2.0,3]"), (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(from<std::vector<bool>>("[true,false]"), (std::vector<bool>{true, false}));
    EXPECT_EQ(from<std::deque<std::string>>("[\"a\"]"), std::deque<std::string>{"a"});
    EXPECT_EQ(from<std::set<int>>("[2,1,2]"), (std::set<int>{1, 2}));
    EXPECT_EQ(from<std::vector<std::optional<int>>>("[null,1]"),
              (std::vector<std::optional<int>>{std::nullopt, 1}));
    EXPECT_EQ(from<std::vector<json>>("[1,[2]]"), (std::vector<json>{1, json::array({2})}));
    EXPECT_EQ((from<std::map<int, std::string>>("[[1,\"a\"]]")),
              (std::map<int, std::string>{{1, "a"}}));
    EXPECT_EQ(refusal<std::vector<int>>("{}"), "n: an object is not an array");
    EXPECT_EQ(refusal<std::vector<int>>("1"), "n: 1 is not an array");
    EXPECT_EQ(refusal<std::vector<int>>("null"), "n: null is not an array");
}

TEST(Convert, TakesObjectsForMapsFromStrings) {
    EXPECT_EQ((from<std::map<std::string, int>>(R"({"a":1,"":2})")),
              (std::map<std::string, int>{{"a", 1}, {"", 2}}));
    EXPECT_EQ((from<std::unordered_map<std::string, bool>>(R"({"a":true})")),
              (std::unordered_map<std::string, bool>{{"a", true}}));
    EXPECT_EQ((refusal<std::map<std::string, int>>("[]")), "n: an array is not an object");
}

TEST(Convert, TakesArraysOfTheRightSizeForTuples) {
    EXPECT_EQ((from<std::array<int, 2>>("[1,2]")), (std::array<int, 2>{1, 2}));
    EXPECT_EQ((from<std::pair<int, std::string>>("[1,\"a\"]")), std::pair(1, std::string("a")));
    EXPECT_EQ((from<std::tuple<int, bool, json>>("[1,true,{}]")),
              std::tuple(1, true, json::object()));
    EXPECT_EQ(from<std::tuple<json>>("[[1]]"), std::tuple<json>(json::array({1})));
    EXPECT_EQ(from<std::tuple<>>("[]"), std::tuple<>());
    EXPECT_EQ((refusal<std::array<int, 2>>("[1]")), "n: is an array of 1, not of 2");
    EXPECT_EQ((refusal<std::pair<int, int>>("[1,2,3]")), "n: is an array of 3, not of 2");
    EXPECT_EQ((refusal<std::pair<int, int>>("{}")), "n: an object is not an array");
}

TEST(Convert, NamesThePlaceWithinNestedValues) {
    using Nested = std::map<std::string, std::vector<std::pair<std::string, std::optional<int>>>>;
    EXPECT_EQ(from<Nested>(R"({"a":[["x",1],["y",null]]})"),
              (Nested{{"a", {{"x", 1}, {"y", std::nullopt}}}}));
    EXPECT_EQ(refusal<Nested>(R"({"a":[["x",1],["y",true]]})"),
              "n.a[1][1]: true is not an integer");
    EXPECT_EQ(refusal<Nested>(R"({"a":[["x"]]})"), "n.a[0]: is an array of 1, not of 2");
    EXPECT_EQ(refusal<Nested>(R"({"b\n\u00e9":1})"), "n.b\\x0a\\xc3\\xa9: 1 is not an array");
}

TEST(Convert, ShowsLittleOfWhatWasGiven) {
    const std::string what = refusal<int>('"' + std::string(1'000'000, 'x') + '"');
    EXPECT_LT(what.size(), 100U);
}

// Types of one's own.

enum class Colour { none, red, green };
NLOHMANN_JSON_SERIALIZE_ENUM(Colour, {{Colour::none, nullptr},
                                      {Colour::red, "red"},
                                      {Colour::green, "green"}})

enum class Level : std::uint8_t { low, high };

struct Everything {
    int x = 0;
    std::uint8_t small = 0;
    std::uint64_t large = 0;
    std::int64_t wide = 0;
    double real = 0;
    float narrow = 0;
    bool flag = false;
    std::string text;
    std::vector<short> shorts;
    std::set<int> numbers;
    Colour colour = Colour::none;
    Level level = Level::low;

    bool operator==(const Everything&) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Everything, x, small, large, wide, real, narrow,
                                                flag, text, shorts, numbers, colour, level)

TEST(ConvertOwnTypes, AreConvertedByTheirFromJson) {
    const auto value = from<Everything>(
        R"({"x":-7,"small":255,"large":18446744073709551615,"wide":-9223372036854775808,
            "real":0.1,"narrow":0.1,"flag":true,"text":"t","shorts":[-32768],"numbers":[1],
            "colour":"red","level":1})");
    EXPECT_EQ(value, (Everything{-7,
                                 255,
                                 UINT64_MAX,
                                 INT64_MIN,
                                 0.1,
                                 0.1F,
                                 true,
                                 "t",
                                 {-32768},
                                 {1},
                                 Colour::red,
                                 Level::high}));
}

TEST(ConvertOwnTypes, AreRefusedIfAnIntegerWasNarrowed) {
    EXPECT_EQ(refusal<Everything>(R"({"x":4294967297})"),
              "n.x: 4294967297 does not fit; it would become 1");
    EXPECT_EQ(refusal<Everything>(R"({"x":2147483648})"),
              "n.x: 2147483648 does not fit; it would become -2147483648");
    EXPECT_EQ(refusal<Everything>(R"({"small":300})"),
              "n.small: 300 does not fit; it would become 44");
    EXPECT_EQ(refusal<Everything>(R"({"small":-1})"),
              "n.small: -1 does not fit; it would become 255");
    EXPECT_EQ(refusal<Everything>(R"({"large":-1})"),
              "n.large: -1 does not fit; it would become 18446744073709551615");
    EXPECT_EQ(refusal<Everything>(R"({"wide":18446744073709551615})"),
              "n.wide: 18446744073709551615 does not fit; it would become -1");
    EXPECT_EQ(refusal<Everything>(R"({"wide":9223372036854775808})"),
              "n.wide: 9223372036854775808 does not fit; it would become -9223372036854775808");
    EXPECT_EQ(refusal<Everything>(R"({"shorts":[1,65537]})"),
              "n.shorts[1]: 65537 does not fit; it would become 1");
    EXPECT_EQ(refusal<Everything>(R"({"level":257})"),
              "n.level: 257 does not fit; it would become 1");
}

TEST(ConvertOwnTypes, AreRefusedIfADecimalBecameAnInteger) {
    EXPECT_EQ(refusal<Everything>(R"({"x":3.9})"), "n.x: 3.9 does not fit; it would become 3");
    EXPECT_EQ(refusal<Everything>(R"({"x":-0.5})"), "n.x: -0.5 does not fit; it would become 0");
    EXPECT_THROW(from<Everything>(R"({"x":1e300})"), ConversionError);
    EXPECT_THROW(from<Everything>(R"({"large":1e30})"), ConversionError);
    EXPECT_THROW(from<Everything>(R"({"large":-1.0})"), ConversionError);
    EXPECT_EQ(from<Everything>(R"({"x":3.0})").x, 3);
}

TEST(ConvertOwnTypes, AreRefusedIfAnIntegerWasRounded) {
    EXPECT_EQ(refusal<Everything>(R"({"real":9007199254740993})"),
              "n.real: 9007199254740993 does not fit; it would become 9.007199254740992e+15");
    EXPECT_EQ(refusal<Everything>(R"({"real":18446744073709551615})"),
              "n.real: 18446744073709551615 does not fit; it would become "
              "1.8446744073709552e+19");
    EXPECT_EQ(refusal<Everything>(R"({"narrow":16777217})"),
              "n.narrow: 16777217 does not fit; it would become 16777216.0");
    EXPECT_EQ(from<Everything>(R"({"real":18014398509481984})").real, 0x1p54);
    EXPECT_EQ(from<Everything>(R"({"narrow":16777216})").narrow, 0x1p24F);
}

TEST(ConvertOwnTypes, AreRefusedIfANumberBecameInfinite) {
    EXPECT_EQ(refusal<Everything>(R"({"narrow":1e300})"),
              "n.narrow: 1e+300 does not fit; it would become null");
}

TEST(ConvertOwnTypes, AreRefusedIfATruthValueBecameANumber) {
    EXPECT_EQ(refusal<Everything>(R"({"x":true})"), "n.x: true does not fit; it would become 1");
    EXPECT_THROW(from<Everything>(R"({"real":false})"), ConversionError);
    EXPECT_THROW(from<Everything>(R"({"flag":1})"), ConversionError);
}

TEST(ConvertOwnTypes, AreNotRefusedForWhatIsNoNumber) {
    EXPECT_EQ(from<Everything>("{}"), Everything());
    EXPECT_EQ(from<Everything>(R"({"unknown":1e300,"more":[true]})"), Everything());
    EXPECT_EQ(from<Everything>(R"({"numbers":[2,1,2]})").numbers, (std::set<int>{1, 2}));
    EXPECT_EQ(from<Everything>(R"({"colour":"green"})").colour, Colour::green);
    EXPECT_EQ(from<Everything>(R"({"colour":"blue"})").colour, Colour::none);
}

struct Percent {
    int value = 0;
};
void from_json(const json& in, Percent& out) { out.value = std::clamp(in.get<int>(), 0, 100); }
void to_json(json& out, const Percent& in) { out = in.value; }

TEST(ConvertOwnTypes, AreRefusedIfAnEnumeratorIsNoneOfThem) {
    EXPECT_THROW(convert<Colour>(json("of nobody"), "colour"), ConversionError);
    EXPECT_THROW(convert<Colour>(json(1), "colour"), ConversionError);
}

TEST(ConvertOwnTypes, MayChangeNumbersOnPurpose) {
    EXPECT_EQ(from<Percent>("250").value, 100);
    EXPECT_EQ(from<Percent>("-5").value, 0);
}

struct Celsius {
    double degrees = 0;
};
void from_json(const json& in, Celsius& out) {
    if (!in.is_number()) throw std::invalid_argument("no temperature");
    out.degrees = in.get<double>();
    if (out.degrees < -273.15) throw ConversionError("kelvin", "is below zero");
}

TEST(ConvertOwnTypes, NeedNoToJson) {
    EXPECT_EQ(from<Celsius>("20").degrees, 20);
    EXPECT_EQ(from<std::vector<Celsius>>("[1.5]").at(0).degrees, 1.5);
    EXPECT_EQ(from<std::optional<Celsius>>("null").has_value(), false);
}

TEST(ConvertOwnTypes, AreRefusedByWhateverTheirFromJsonThrows) {
    EXPECT_EQ(refusal<Celsius>("\"warm\""), "n: no temperature");
    EXPECT_EQ(refusal<std::vector<Celsius>>("[0,-300]"), "n[1].kelvin: is below zero");
}

struct Refusing {};
void from_json(const json& in, Refusing&) {
    if (in == "memory") throw std::bad_alloc();
    if (in == "number") throw 1;
    throw RpcError(7, "Refused");
}

TEST(ConvertOwnTypes, MayAnswerWithAnErrorObject) {
    EXPECT_EQ(error_of<RpcError>([] { from<Refusing>("0"); })->code(), 7);
    EXPECT_THROW(from<Refusing>("\"memory\""), std::bad_alloc);
    EXPECT_THROW(from<Refusing>("\"number\""), int);
}

struct Order {
    int count = 0;
    std::string unit;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Order, count, unit)

TEST(ConvertOwnTypes, SayWhatIsMissingOrWrong) {
    EXPECT_EQ(refusal<Order>(R"({"count":1})"), "n: key 'unit' not found");
    EXPECT_EQ(refusal<Order>(R"({"count":"1","unit":"kg"})"),
              "n: type must be number, but is string");
    EXPECT_EQ(refusal<Order>("[]").find("[json.exception."), std::string::npos);
    EXPECT_EQ(refusal<std::vector<Order>>(R"([{"count":1.5,"unit":"kg"}])"),
              "n[0].count: 1.5 does not fit; it would become 1");
}

}  // namespace
}  // namespace jsocket::rpc
