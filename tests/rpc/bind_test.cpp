// SPDX-License-Identifier: Apache-2.0
#include "rpc/calls.hpp"
#include "support/error_of.hpp"

#include <jsocket/rpc/dispatcher.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace jsocket::rpc {
namespace {

using test::error;
using test::outcome;
using test::outcome_of;
using test::wrong;
using test_support::error_of;

int twice(int number) { return 2 * number; }
int twice_quietly(int number) noexcept { return 2 * number; }

struct Account {
    int balance = 10;
    int add(int amount) { return balance += amount; }
};

TEST(Bind, TakesAnythingThatCanBeCalled) {
    Account account;
    Dispatcher methods;
    methods.bind("function", twice);
    methods.bind("pointer", &twice);
    methods.bind("noexcept function", twice_quietly);
    methods.bind("lambda", [](int n) { return 2 * n; });
    methods.bind("noexcept lambda", [](int n) noexcept { return 2 * n; });
    methods.bind("std::function", std::function<int(int)>(twice));
    for (const char* name : {"function", "pointer", "noexcept function", "lambda",
                             "noexcept lambda", "std::function"}) {
        EXPECT_EQ(outcome(methods, name, {21}), 42) << name;
    }
    methods.bind("mutable", [sum = 0](int n) mutable { return sum += n; });
    EXPECT_EQ(outcome(methods, "mutable", {1}), 1);
    EXPECT_EQ(outcome(methods, "mutable", {2}), 3);
    methods.bind("member", [&account](int amount) { return account.add(amount); });
    EXPECT_EQ(outcome(methods, "member", {5}), 15);
    EXPECT_EQ(account.balance, 15);
}

TEST(Bind, KeepsTheStateOfAMutableLambdaAlsoForCopies) {
    Dispatcher methods;
    methods.bind("count", [n = 0]() mutable { return ++n; });
    const Dispatcher copy = methods;
    EXPECT_EQ(outcome(methods, "count"), 1);
    EXPECT_EQ(outcome(methods, "count"), 2);
    EXPECT_EQ(outcome(copy, "count"), 3);
}

TEST(Bind, TakesParametersByValueAndByConstReference) {
    Dispatcher methods;
    methods.bind("size", [](const std::string& text, const std::vector<int>& numbers) {
        return text.size() + numbers.size();
    });
    EXPECT_EQ(outcome_of(methods, "size", R"(["abc",[1,2]])"), 5);
    methods.bind("json", [](json value) { return value; }, {"value"});
    EXPECT_EQ(outcome_of(methods, "json", R"([[1]])"), json::parse("[1]"));
    EXPECT_EQ(outcome_of(methods, "json", "[null]"), json());
    EXPECT_EQ(outcome_of(methods, "json", R"({"value":{"a":1}})"), json::parse(R"({"a":1})"));
    methods.bind("const json", [](const json& value) { return value.size(); });
    EXPECT_EQ(outcome_of(methods, "const json", "[[1,2]]"), 2);
}

TEST(Bind, RefusesParametersThatNothingWouldOwn) {
    // bind() says so in a static_assert.
    EXPECT_TRUE(is_parameter<int> && is_parameter<const int&> && is_parameter<const int>);
    EXPECT_TRUE(is_parameter<Call&> && is_parameter<const Call&>);
    EXPECT_TRUE(is_parameter<std::stop_token> && is_parameter<const std::stop_token&>);
    EXPECT_FALSE(is_parameter<std::string&> || is_parameter<std::string&&>);
    EXPECT_FALSE(is_parameter<json&> || is_parameter<json&&>);
    EXPECT_FALSE(is_parameter<std::string_view> || is_parameter<const std::string_view&>);
    EXPECT_FALSE(is_parameter<const char*> || is_parameter<Call> || is_parameter<Call&&>);
    const auto generic = [](auto value) { return value; };
    const auto by_value = [](Call) {};
    const auto typed = [](int value) { return value; };
    EXPECT_FALSE(TypedFunction<decltype(generic)>);
    EXPECT_FALSE(TypedFunction<decltype(by_value)>);
    EXPECT_FALSE(TypedFunction<int>);
    EXPECT_TRUE(TypedFunction<decltype(typed)>);
}

TEST(Bind, MatchesParametersByPositionOrName) {
    Dispatcher methods;
    methods.bind("minus", [](int a, int b) { return a - b; }, {"a", "b"});
    EXPECT_EQ(outcome_of(methods, "minus", "[5,3]"), 2);
    EXPECT_EQ(outcome_of(methods, "minus", R"({"b":3,"a":5})"), 2);
}

TEST(Bind, SaysWhichParameterIsMissingUnknownOrTooMuch) {
    Dispatcher methods;
    methods.bind("minus", [](int a, int b) { return a - b; }, {"a", "b"});
    EXPECT_EQ(outcome(methods, "minus"), wrong("a", "is missing"));
    EXPECT_EQ(outcome_of(methods, "minus", "[]"), wrong("a", "is missing"));
    EXPECT_EQ(outcome_of(methods, "minus", "[1]"), wrong("b", "is missing"));
    EXPECT_EQ(outcome_of(methods, "minus", R"({"b":1})"), wrong("a", "is missing"));
    EXPECT_EQ(outcome_of(methods, "minus", R"({"a":1,"b":1,"c":1})"),
              wrong("c", "is no parameter"));
    EXPECT_EQ(outcome_of(methods, "minus", R"({"A":1,"b":1})"), wrong("A", "is no parameter"));
    EXPECT_EQ(outcome_of(methods, "minus", R"({"a\u0000":1})"), wrong("a\\x00", "is no parameter"));
    EXPECT_EQ(
        outcome_of(methods, "minus", "[1,2,3]"),
        error(-32602, "Invalid params", {{"reason", "expected at most 2 parameters, got 3"}}));
}

TEST(Bind, SaysWhichParameterDoesNotConvertTheFirstOneFirst) {
    Dispatcher methods;
    methods.bind("f", [](int, const std::vector<int>&) {}, {"a", "b"});
    EXPECT_EQ(outcome_of(methods, "f", "[1.5,true]"), wrong("a", "1.5 is not an integer"));
    EXPECT_EQ(outcome_of(methods, "f", R"({"b":true,"a":null})"),
              wrong("a", "null is not an integer"));
    EXPECT_EQ(outcome_of(methods, "f", "[1,[1,true]]"), wrong("b[1]", "true is not an integer"));
    EXPECT_EQ(outcome_of(methods, "f", "[4294967297,[]]"),
              wrong("a", "4294967297 is not between -2147483648 and 2147483647"));
}

TEST(Bind, TakesParametersByPositionOnlyIfTheyHaveNoNames) {
    Dispatcher methods;
    methods.bind("minus", [](int a, int b) { return a - b; });
    methods.bind("nothing", [] { return 1; });
    EXPECT_EQ(outcome_of(methods, "minus", "[5,3]"), 2);
    EXPECT_EQ(
        outcome_of(methods, "minus", R"({"arg1":5,"arg2":3})"),
        error(-32602, "Invalid params", {{"reason", "parameters can only be given by position"}}));
    EXPECT_EQ(outcome_of(methods, "minus", "[true,3]"), wrong("arg1", "true is not an integer"));
    EXPECT_EQ(outcome(methods, "nothing"), 1);
    EXPECT_EQ(outcome_of(methods, "nothing", "[]"), 1);
    EXPECT_EQ(outcome_of(methods, "nothing", "{}"), 1);
    EXPECT_EQ(outcome_of(methods, "nothing", R"({"a":1})"), wrong("a", "is no parameter"));
    EXPECT_EQ(outcome_of(methods, "nothing", "[1]").at("code"), -32602);
}

TEST(Bind, LetsCallersLeaveOutOptionals) {
    Dispatcher methods;
    methods.bind("f",
                 [](std::optional<int> a, int b, const std::optional<json>& c) {
                     return std::tuple(a.value_or(-1), b, c.has_value());
                 },
                 {"a", "b", "c"});
    EXPECT_EQ(outcome_of(methods, "f", R"({"b":2})"), json::parse("[-1,2,false]"));
    EXPECT_EQ(outcome_of(methods, "f", R"({"a":null,"b":2,"c":null})"),
              json::parse("[-1,2,false]"));
    EXPECT_EQ(outcome_of(methods, "f", "[null,2]"), json::parse("[-1,2,false]"));
    EXPECT_EQ(outcome_of(methods, "f", "[1,2,{}]"), json::parse("[1,2,true]"));
    EXPECT_EQ(outcome_of(methods, "f", "[1]"), wrong("b", "is missing"));
    EXPECT_EQ(outcome_of(methods, "f", R"({"b":2,"a":"x"})"),
              wrong("a", "\"x\" is not an integer"));
}

TEST(Bind, ReturnsWhatTheFunctionReturns) {
    Dispatcher methods;
    methods.bind("void", [] {});
    methods.bind("empty", [] { return std::optional<int>(); });
    methods.bind("full", [] { return std::vector<std::optional<int>>{1, {}}; });
    methods.bind("map", [] { return std::map<std::string, bool>{{"a", true}}; });
    methods.bind("text", [] { return "text"; });
    methods.bind("list", [] { return json{"hello", 5}; });
    static const std::string kept = "kept";
    methods.bind("reference", []() -> const std::string& { return kept; });
    EXPECT_EQ(outcome(methods, "void"), json());
    EXPECT_EQ(outcome(methods, "empty"), json());
    EXPECT_EQ(outcome(methods, "full"), json::parse("[1,null]"));
    EXPECT_EQ(outcome(methods, "map"), json::parse(R"({"a":true})"));
    EXPECT_EQ(outcome(methods, "text"), "text");
    EXPECT_EQ(outcome(methods, "list"), json::parse(R"(["hello",5])"));
    EXPECT_EQ(outcome(methods, "reference"), "kept");
    EXPECT_EQ(kept, "kept");
}

TEST(Bind, FillsInCallAndStopTokenWhereverTheyAre) {
    Dispatcher methods;
    methods.bind("f",
                 [](std::stop_token stop, int a, Call& call, int b, const Call& same) {
                     EXPECT_EQ(&call, &same);
                     EXPECT_FALSE(stop.stop_requested());
                     return call.method() + ' ' + call.id().dump() + ' ' + std::to_string(a - b);
                 },
                 {"a", "b"});
    EXPECT_EQ(outcome_of(methods, "f", R"({"a":5,"b":3})"), "f 1 2");
    EXPECT_EQ(outcome_of(methods, "f", "[5,3]"), "f 1 2");
    methods.bind("last", [](int a, const std::stop_token&) { return a; }, {"a"});
    EXPECT_EQ(outcome_of(methods, "last", "[5]"), 5);
    methods.bind("only", [](Call& call) { return call.is_notification(); });
    EXPECT_EQ(outcome(methods, "only"), false);
}

TEST(Bind, ReadsNamesAndDescriptionsFromBraces) {
    const auto one = [](int a) { return a; };
    const auto two = [](int a, int) { return a; };
    const auto three = [](int a, int, int) { return a; };
    Dispatcher methods;
    methods.bind("1", one, {"a"});
    methods.bind("1b", one, {{"a", "first"}});
    methods.bind("1c", one, {{"a"}});
    methods.bind("2", two, {"a", "b"});
    methods.bind("2b", two, {{"a", "first"}, {"b", "second"}});
    methods.bind("2c", two, {{"a"}, {"b"}});
    methods.bind("3", three, {"a", "b", "c"});
    methods.bind("3b", three, {{"a", "first"}, {"b", "second"}, {"c", "third"}});
    methods.bind("3c", three, {"a", {"b", "second"}, std::string("c")});
    std::map<std::string, std::string> found;
    const json document = methods.discover();
    for (const json& method : document.at("methods")) {
        for (const json& parameter : method.at("params")) {
            found[method.at("name")] += parameter.at("name").get<std::string>() + ':' +
                                        parameter.value("description", "") + ' ';
        }
    }
    EXPECT_EQ(found, (std::map<std::string, std::string>{{"1", "a: "},
                                                         {"1b", "a:first "},
                                                         {"1c", "a: "},
                                                         {"2", "a: b: "},
                                                         {"2b", "a:first b:second "},
                                                         {"2c", "a: b: "},
                                                         {"3", "a: b: c: "},
                                                         {"3b", "a:first b:second c:third "},
                                                         {"3c", "a: b:second c: "}}));
    // Two names in two pairs of braces are one name and its description.
    EXPECT_THROW(methods.bind("x", two, {{"a", "b"}}), UsageError);
}

TEST(Bind, RefusesNamesOfParametersThatDoNotFit) {
    const auto two = [](int a, Call&, int) { return a; };
    Dispatcher methods;
    const auto refusal = [&](std::vector<Parameter> names) {
        return std::string(error_of<UsageError>([&] { methods.bind("f", two, names); })->what());
    };
    EXPECT_EQ(refusal({"a"}), "a function of 2 parameters is bound with 1 names");
    EXPECT_EQ(refusal({"a", "b", "c"}), "a function of 2 parameters is bound with 3 names");
    EXPECT_EQ(refusal({"a", "a"}), "two parameters have the name a");
    EXPECT_EQ(refusal({"a", ""}), "the name of a parameter is empty");
    EXPECT_EQ(outcome(methods, "f").at("code"), -32601);
}

TEST(Bind, RefusesNamesOfMethodsThatAreTakenReservedEmptyOrTooLong) {
    const auto f = [] { return 1; };
    Dispatcher methods;
    methods.bind("f", f);
    const auto refusal = [&](const std::string& name) {
        return std::string(error_of<UsageError>([&] { methods.bind(name, f); })->what());
    };
    EXPECT_EQ(refusal("f"), "there is a method f already");
    EXPECT_EQ(refusal(""), "the name of a method is empty");
    EXPECT_EQ(refusal("rpc."), "the name of method rpc. begins with rpc., which is reserved");
    EXPECT_EQ(refusal("rpc.x"), "the name of method rpc.x begins with rpc., which is reserved");
    EXPECT_NE(refusal(std::string(257, 'x')).find("max_method_name"), std::string::npos);
    methods.bind("rpc", f);
    methods.bind("Rpc.x", f);
    methods.bind(std::string(256, 'x'), f);
    EXPECT_EQ(outcome(methods, std::string(256, 'x')), 1);
    EXPECT_EQ(outcome(methods, std::string(257, 'x')),
              error(-32600, "Invalid Request", {{"reason", "the name of the method is too long"}}));
}

TEST(Bind, RefusesEmptyFunctions) {
    Dispatcher methods;
    int (*none)() = nullptr;
    EXPECT_THROW(methods.bind("f", std::function<int()>()), UsageError);
    EXPECT_THROW(methods.bind("f", none), UsageError);
    EXPECT_THROW(methods.use(nullptr), UsageError);
    EXPECT_EQ(outcome(methods, "f").at("code"), -32601);
}

TEST(BindRaw, GivesParamsAsTheyCame) {
    Dispatcher methods;
    methods.bind_raw("f", [](json& params) { return params; });
    EXPECT_EQ(outcome(methods, "f"), json());
    EXPECT_EQ(outcome_of(methods, "f", "[]"), json::array());
    EXPECT_EQ(outcome_of(methods, "f", "{}"), json::object());
    EXPECT_EQ(outcome_of(methods, "f", "[1,[2]]"), json::parse("[1,[2]]"));
    methods.bind_raw("name", [](Call& call, json&) { return call.method(); });
    EXPECT_EQ(outcome(methods, "name"), "name");
    methods.bind_raw("void", [](const json&) {});
    EXPECT_EQ(outcome(methods, "void"), json());
    methods.bind_raw("mutable", [n = 0](json&) mutable { return ++n; });
    EXPECT_EQ(outcome(methods, "mutable"), 1);
    EXPECT_EQ(outcome(methods, "mutable"), 2);
}

TEST(BindRaw, AnswersAConversionErrorWithInvalidParams) {
    Dispatcher methods;
    methods.bind_raw("sum", [](json& params) {
        int sum = 0;
        for (const int n : convert<std::vector<int>>(params, "params")) sum += n;
        return sum;
    });
    EXPECT_EQ(outcome_of(methods, "sum", "[1,2,3]"), 6);
    EXPECT_EQ(outcome_of(methods, "sum", "[1,2.5]"), wrong("params[1]", "2.5 is not an integer"));
    EXPECT_EQ(outcome(methods, "sum"), wrong("params", "null is not an array"));
}

}  // namespace
}  // namespace jsocket::rpc
