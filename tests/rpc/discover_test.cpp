// SPDX-License-Identifier: Apache-2.0
#include "rpc/calls.hpp"

#include <jsocket/rpc/dispatcher.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace jsocket::rpc {
namespace {

using test::outcome;
using test::outcome_of;

bool has_only(const json& object, const std::set<std::string>& names) {
    return object.is_object() &&
           std::all_of(object.items().begin(), object.items().end(), [&](const auto& member) {
               return names.contains(member.key()) || member.key().starts_with("x-");
           });
}

/// Is it a Content Descriptor of the OpenRPC specification?
void expect_descriptor(const json& descriptor) {
    EXPECT_TRUE(has_only(descriptor, {"name", "description", "required", "schema"})) << descriptor;
    EXPECT_TRUE(descriptor.at("name").is_string());
    EXPECT_TRUE(descriptor.at("schema").is_object()) << descriptor;
    EXPECT_TRUE(descriptor.value("required", json(false)).is_boolean()) << descriptor;
    EXPECT_TRUE(descriptor.value("description", json("")).is_string()) << descriptor;
}

/// Is it a Method of the OpenRPC specification?
void expect_method(const json& method) {
    EXPECT_TRUE(has_only(method, {"name", "description", "params", "paramStructure", "result"}))
        << method;
    EXPECT_TRUE(method.at("name").is_string());
    const std::set<std::string> structures{"by-name", "by-position", "either"};
    EXPECT_TRUE(structures.contains(method.at("paramStructure")));
    ASSERT_TRUE(method.at("params").is_array());
    std::set<std::string> names;
    for (const json& parameter : method.at("params")) {
        expect_descriptor(parameter);
        EXPECT_TRUE(names.insert(parameter.at("name")).second) << method;
    }
    expect_descriptor(method.at("result"));
}

Dispatcher make_methods() {
    Dispatcher methods(Options{.title = "Shop", .version = "1.2", .description = "Sells things"});
    methods.bind("buy",
                 [](const std::string&, std::optional<int>, Call&, std::stop_token) {
                     return std::vector<int>{};
                 },
                 {{"what", "Its name"}, "count"}, {.description = "Buys something"});
    methods.bind("minus", [](int a, int b) { return a - b; });
    methods.bind("nothing", [] {});
    methods.bind_raw("any", [](json& params) { return params; });
    return methods;
}

std::map<std::string, json> methods_of(const json& document) {
    std::map<std::string, json> methods;
    for (const json& method : document.at("methods")) methods[method.at("name")] = method;
    return methods;
}

TEST(Discover, MakesAnOpenRpcDocument) {
    const json document = make_methods().discover();
    EXPECT_TRUE(has_only(document, {"openrpc", "info", "methods"}));
    EXPECT_EQ(document.at("openrpc"), "1.2.6");
    EXPECT_EQ(document.at("info"),
              (json{{"title", "Shop"}, {"version", "1.2"}, {"description", "Sells things"}}));
    ASSERT_TRUE(document.at("methods").is_array());
    for (const json& method : document.at("methods")) expect_method(method);
    EXPECT_EQ(Dispatcher().discover().at("info"), (json{{"title", "jsocket"}, {"version", "0"}}));
}

TEST(Discover, ListsEveryMethodOnce) {
    const json document = make_methods().discover();
    std::vector<std::string> names;
    for (const json& method : document.at("methods")) names.push_back(method.at("name"));
    EXPECT_EQ(names, (std::vector<std::string>{"any", "buy", "minus", "nothing", "rpc.discover",
                                               "rpc.health"}));
}

TEST(Discover, DescribesParametersAndResult) {
    const auto methods = methods_of(make_methods().discover());
    const json& buy = methods.at("buy");
    EXPECT_EQ(buy.at("description"), "Buys something");
    EXPECT_EQ(buy.at("paramStructure"), "either");
    EXPECT_EQ(buy.at("params"), (json{{{"name", "what"},
                                       {"description", "Its name"},
                                       {"required", true},
                                       {"schema", Schema<std::string>::value()}},
                                      {{"name", "count"},
                                       {"required", false},
                                       {"schema", Schema<std::optional<int>>::value()}}}));
    EXPECT_EQ(buy.at("result"),
              (json{{"name", "result"}, {"schema", Schema<std::vector<int>>::value()}}));
    EXPECT_FALSE(methods.at("minus").contains("description"));
    EXPECT_EQ(methods.at("minus").at("paramStructure"), "by-position");
    EXPECT_EQ(methods.at("minus").at("params").at(1).at("name"), "arg2");
    EXPECT_EQ(methods.at("nothing").at("result").at("schema"), (json{{"type", "null"}}));
    EXPECT_EQ(methods.at("any").at("x-any-params"), true);
    EXPECT_FALSE(methods.at("nothing").contains("x-any-params"));
}

TEST(Discover, RequiresOptionalParametersThatStandBeforeRequiredOnes) {
    Dispatcher methods;
    methods.bind("range", [](std::optional<int>, int, std::optional<int>) {},
                 {"from", "to", "step"});
    const json params = methods_of(methods.discover()).at("range").at("params");
    EXPECT_EQ(params.at(0), (json{{"name", "from"},
                                  {"required", true},
                                  {"schema", Schema<std::optional<int>>::value()}}));
    EXPECT_EQ(params.at(1).at("required"), true);
    EXPECT_EQ(params.at(2).at("required"), false);
    EXPECT_EQ(outcome_of(methods, "range", "[null,1]"), nullptr);
    EXPECT_EQ(outcome_of(methods, "range", R"({"to":1})"), nullptr) << "by name it may be left out";
}

TEST(Discover, IsAMethodWithoutParameters) {
    const Dispatcher methods = make_methods();
    EXPECT_EQ(outcome(methods, "rpc.discover"), methods.discover());
    EXPECT_EQ(outcome_of(methods, "rpc.discover", "[]"), methods.discover());
    EXPECT_EQ(outcome_of(methods, "rpc.discover", "{}"), methods.discover());
    EXPECT_EQ(outcome_of(methods, "rpc.discover", "[1]").at("code"), -32602);
    EXPECT_EQ(outcome_of(methods, "rpc.discover", R"({"a":1})").at("code"), -32602);
}

TEST(Discover, KnowsMethodsThatAreAddedAfterItWasAsked) {
    Dispatcher methods = make_methods();
    const std::size_t before = outcome(methods, "rpc.discover").at("methods").size();
    methods.bind("more", [] {});
    EXPECT_EQ(outcome(methods, "rpc.discover").at("methods").size(), before + 1);
}

TEST(Discover, IsChangedByMiddleware) {
    Dispatcher methods = make_methods();
    outcome(methods, "rpc.discover");
    methods.use([](Call& call, json& params, const Next& next) {
        json result = next(call, params);
        if (call.method() == "rpc.discover") result["info"]["title"] = "changed";
        return result;
    });
    EXPECT_EQ(outcome(methods, "rpc.discover").at("info").at("title"), "changed");
}

TEST(Discover, IsRefusedBeyondTheLimits) {
    const Dispatcher methods = make_methods();
    const auto code = [&](const Limits& limits) {
        const json reply = json::parse(
            *methods.answer_text(R"({"jsonrpc":"2.0","method":"rpc.discover","id":1})", limits));
        return reply.contains("error") ? reply["error"]["code"].get<int>() : 0;
    };
    EXPECT_EQ(code({}), 0);
    EXPECT_EQ(code({.max_message_size = 500}), -32603);
    EXPECT_EQ(code({.max_depth = 4}), -32603);
    EXPECT_EQ(code({.max_elements = 20}), -32603);
    const std::size_t size = methods.discover().dump().size() + 34;
    EXPECT_EQ(code({.max_message_size = size}), 0) << "as long as the reply";
    EXPECT_EQ(code({.max_message_size = size - 1}), -32603);
}

TEST(Discover, SpeaksForTheCopyThatIsAsked) {
    Dispatcher methods = make_methods();
    Dispatcher copy = methods;
    copy.bind("more", [] {});
    EXPECT_TRUE(methods_of(outcome(copy, "rpc.discover")).contains("more"));
    EXPECT_FALSE(methods_of(outcome(methods, "rpc.discover")).contains("more"));
}

}  // namespace
}  // namespace jsocket::rpc
