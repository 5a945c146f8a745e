// SPDX-License-Identifier: Apache-2.0
#include "rpc/calls.hpp"
#include "support/log_capture.hpp"

#include <jsocket/rpc/dispatcher.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jsocket::rpc {
namespace {

using test::error;
using test::error_reply;
using test::notification;
using test::outcome;
using test::outcome_of;
using test::request;

const json invalid = error(-32600, "Invalid Request");

Dispatcher make_methods() {
    Dispatcher methods;
    methods.bind("sum", [](int a, int b) { return a + b; }, {"a", "b"});
    return methods;
}

json reply_to(const Dispatcher& methods, std::string_view text) {
    const std::optional<std::string> reply = methods.answer_text(text);
    return reply ? json::parse(*reply) : json("nothing");
}

TEST(Dispatcher, AnswersACall) {
    EXPECT_EQ(make_methods().answer(request("sum", {1, 2})),
              (json{{"jsonrpc", "2.0"}, {"result", 3}, {"id", 1}}));
}

TEST(Dispatcher, ReturnsTheIdAsItCame) {
    const Dispatcher methods = make_methods();
    for (const char* id :
         {"1", "\"1\"", "0", "-1", "1.5", "1.0", "null", "\"\"", "18446744073709551615",
          "-9223372036854775808", "1e300", "\"\\u0000\""}) {
        const json reply = reply_to(
            methods,
            std::string(R"({"jsonrpc":"2.0","method":"sum","params":[1,2],"id":)") + id + '}');
        EXPECT_EQ(reply.at("id").dump(), json::parse(id).dump());
        EXPECT_EQ(reply.at("result"), 3) << id;
    }
    const std::string huge(1'000'000, 'x');
    EXPECT_EQ(methods.answer(request("sum", {1, 2}, huge))->at("id"), huge);
}

TEST(Dispatcher, RefusesIdsOfOtherKinds) {
    const Dispatcher methods = make_methods();
    for (const char* id : {"true", "false", "[]", "[1]", "{}"}) {
        EXPECT_EQ(methods.answer(request("sum", {1, 2}, json::parse(id))), error_reply(invalid))
            << id;
    }
}

TEST(Dispatcher, RefusesWhatIsNoRequest) {
    const Dispatcher methods = make_methods();
    const auto id_and_error = [&](std::string_view text) {
        const json reply = reply_to(methods, text);
        return reply.at("id").dump() + ' ' + reply.at("error").dump();
    };
    const std::string refused = ' ' + invalid.dump();
    EXPECT_EQ(id_and_error("1"), "null" + refused);
    EXPECT_EQ(id_and_error("null"), "null" + refused);
    EXPECT_EQ(id_and_error("\"sum\""), "null" + refused);
    EXPECT_EQ(id_and_error("{}"), "null" + refused);
    EXPECT_EQ(id_and_error(R"({"method":"sum","id":1})"), "1" + refused);
    EXPECT_EQ(id_and_error(R"({"jsonrpc":2.0,"method":"sum","id":1})"), "1" + refused);
    EXPECT_EQ(id_and_error(R"({"jsonrpc":"1.0","method":"sum","id":1})"), "1" + refused);
    EXPECT_EQ(id_and_error(R"({"jsonrpc":"2.0","id":"x"})"), "\"x\"" + refused);
    EXPECT_EQ(id_and_error(R"({"jsonrpc":"2.0","method":1,"id":1})"), "1" + refused);
    EXPECT_EQ(id_and_error(R"({"jsonrpc":"2.0","method":null})"), "null" + refused);
    for (const char* params : {"null", "1", "\"x\"", "true"}) {
        EXPECT_EQ(id_and_error(std::string(R"({"jsonrpc":"2.0","method":"sum","params":)") +
                               params + R"(,"id":1})"),
                  "1" + refused);
    }
    // A reply is none either.
    EXPECT_EQ(id_and_error(R"({"jsonrpc":"2.0","result":1,"id":1})"), "1" + refused);
}

TEST(Dispatcher, IgnoresOtherMembers) {
    json message = request("sum", {1, 2});
    message["auth"] = {1, 2};
    EXPECT_EQ(make_methods().answer(message)->at("result"), 3);
}

TEST(Dispatcher, DoesNotAnswerNotifications) {
    int calls = 0;
    Dispatcher methods = make_methods();
    methods.bind("count", [&calls](Call& call) {
        EXPECT_TRUE(call.is_notification());
        EXPECT_EQ(call.id(), json());
        ++calls;
        throw RpcError(1, "nobody hears of it");
    });
    EXPECT_EQ(methods.answer(notification("count")), std::nullopt);
    EXPECT_EQ(methods.answer(notification("sum", {"wrong"})), std::nullopt);
    EXPECT_EQ(methods.answer(notification("unknown")), std::nullopt);
    EXPECT_EQ(methods.answer(notification("rpc.cancel", {{"id", 1}})), std::nullopt);
    EXPECT_EQ(calls, 1);
}

TEST(Dispatcher, KnowsOnlyWhatIsBound) {
    const Dispatcher methods = make_methods();
    const json unknown = error(-32601, "Method not found");
    for (const char* name : {"Sum", "sum ", "", "rpc.", "rpc.unknown", "rpc.cancel"}) {
        EXPECT_EQ(outcome(methods, name), unknown) << name;
    }
    EXPECT_EQ(outcome(methods, std::string("sum\0", 4)), unknown);
    EXPECT_EQ(outcome(methods, "rpc.health"), (json{{"status", "ok"}}));
}

TEST(Dispatcher, HasNoPeerWithoutAConnection) {
    Dispatcher methods;
    bool thrown = false;
    methods.bind("f", [&thrown](Call& call) {
        try {
            call.peer();
        } catch (const UsageError&) {
            thrown = true;
        }
    });
    methods.answer(request("f"));
    EXPECT_TRUE(thrown);
}

TEST(DispatcherErrors, AreThoseThatAMethodThrows) {
    Dispatcher methods;
    methods.bind("plain", [] { throw RpcError(7, "Sold out"); });
    methods.bind("data", []() -> int { throw RpcError(-1, "", {{"left", 0}}); });
    EXPECT_EQ(outcome(methods, "plain"), error(7, "Sold out"));
    EXPECT_EQ(outcome(methods, "data"), error(-1, "", {{"left", 0}}));
}

TEST(DispatcherErrors, SayNothingOfWhatElseWentWrong) {
    Dispatcher methods;
    methods.bind("exception", [] { throw std::runtime_error("password 1234\nis wrong"); });
    methods.bind("int", [] { throw 5; });
    methods.bind("memory", [] { throw std::bad_alloc(); });
    methods.bind("usage", [] { throw UsageError("password 1234"); });
    methods.bind("conversion", [] { return convert<int>(json("password 1234"), "secret"); });
    methods.bind("json", [] { return json::parse("{").at("password 1234"); });
    methods.bind_raw("raw", [](json&) { throw std::runtime_error("password 1234"); });
    const test_support::LogCapture log;
    for (const char* name : {"exception", "int", "memory", "usage", "conversion", "json", "raw"}) {
        EXPECT_EQ(outcome(methods, name), error(-32603, "Internal error")) << name;
    }
}

TEST(DispatcherErrors, AreLoggedOnOneLine) {
    const test_support::LogCapture log;
    Dispatcher methods;
    methods.bind("f\n", [] { throw std::runtime_error("first\nsecond"); });
    outcome(methods, "f\n");
    ASSERT_EQ(log.warnings().size(), 1U);
    EXPECT_EQ(log.warnings()[0].text, "method f\\x0a: first\\x0asecond");
}

TEST(DispatcherErrors, OfOneMethodDoNotHideThoseOfAnotherInTheLog) {
    const test_support::LogCapture log;
    Dispatcher methods;
    methods.bind("noisy", [] { throw std::runtime_error("always"); });
    methods.bind("quiet", [] { throw std::runtime_error("once"); });
    methods.use([](Call& call, json& params, const Next& next) {
        if (call.method().starts_with("unknown")) throw std::runtime_error("no such method");
        return next(call, params);
    });
    const Dispatcher copy = methods;  // as each connection has one
    outcome(methods, "noisy");
    outcome(copy, "noisy");
    outcome(copy, "quiet");
    outcome(methods, "unknown 1");
    outcome(methods, "unknown 2");
    std::vector<std::string> texts;
    for (const auto& line : log.warnings()) texts.push_back(line.text);
    EXPECT_THAT(texts, testing::ElementsAre("method noisy: always", "method quiet: once",
                                            "method unknown 1: no such method"));
}

TEST(DispatcherErrors, TakeThePlaceOfResultsThatCannotBeSent) {
    Dispatcher methods = make_methods();
    methods.bind("nan", [] { return std::numeric_limits<double>::quiet_NaN(); });
    methods.bind("bytes", [] { return std::string("\xFF"); });
    methods.bind("deep", [] {
        json deep = 1;
        for (int i = 0; i < 128; ++i) deep = json::array({std::move(deep)});
        return deep;
    });
    methods.bind("message", [] { throw RpcError(1, "\xFF"); });
    for (const char* name : {"nan", "bytes", "deep", "message"}) {
        const json reply = reply_to(methods, request(name, nullptr, "x").dump());
        EXPECT_EQ(reply.at("id"), "x");
        EXPECT_EQ(reply.at("error").at("code"), -32603) << reply;
        EXPECT_TRUE(reply.at("error").at("data").at("reason").get<std::string>().starts_with(
            "the result cannot be sent: "))
            << reply;
    }
    const json batch = {request("sum", {1, 2}, 1), notification("nan"), request("nan", nullptr, 2)};
    const json replies = reply_to(methods, batch.dump());
    EXPECT_EQ(replies.at(0), (json{{"jsonrpc", "2.0"}, {"result", 3}, {"id", 1}}))
        << "those that can be sent are";
    EXPECT_EQ(replies.at(1).at("id"), 2);
    EXPECT_EQ(replies.at(1).at("error").at("code"), -32603);
    EXPECT_EQ(replies.size(), 2U);
    EXPECT_EQ(reply_to(methods, notification("nan").dump()), "nothing");
}

TEST(DispatcherErrors, TakeThePlaceOfResultsBeyondTheLimits) {
    Dispatcher methods;
    methods.bind("long", [](int size) { return std::string(static_cast<std::size_t>(size), 'x'); });
    const auto reply = [&](std::size_t limit) {
        return json::parse(
            *methods.answer_text(request("long", {500}).dump(), {.max_message_size = limit}));
    };
    const std::size_t size = reply(10'000).dump().size();
    EXPECT_TRUE(reply(size + 1).contains("result"));
    EXPECT_TRUE(reply(size).contains("result"));
    EXPECT_EQ(reply(size - 1).at("error").at("code"), -32603);
    EXPECT_THROW(methods.answer_text(request("long", {1}).dump(), {.max_message_size = 10}),
                 UsageError);
}

TEST(DispatcherErrors, TakeThePlaceOfThoseResultsOfABatchThatAreBeyondTheLimits) {
    Dispatcher methods;
    methods.bind("long", [](int size) { return std::string(static_cast<std::size_t>(size), 'x'); });
    const auto codes = [&](const std::vector<int>& sizes) {
        json batch = json::array();
        for (const int size : sizes) batch.push_back(request("long", {size}, size));
        const json replies =
            json::parse(*methods.answer_text(batch.dump(), {.max_message_size = 1000}));
        std::vector<int> result;
        for (const json& one : replies) {
            result.push_back(one.contains("error") ? one["error"]["code"].get<int>() : 0);
        }
        return result;
    };
    EXPECT_EQ(codes({100, 200, 300}), (std::vector{0, 0, 0}));
    EXPECT_EQ(codes({100, 2000, 300}), (std::vector{0, -32603, 0}));
    EXPECT_EQ(codes({500, 500}), (std::vector{0, -32603})) << "only together too long";
    EXPECT_EQ(codes({450, 2000, 450}), (std::vector{0, -32603, -32603}));
}

TEST(DispatcherErrors, AnswerEveryCallOfABatchWhoseResultsAreTogetherBeyondALimit) {
    Dispatcher methods;
    int calls = 0;
    methods.bind("long", [&](std::size_t size) {
        ++calls;
        return std::vector<int>(size / 2, 1);
    });
    constexpr int count = 50;
    for (const Limits& limits : {Limits{.max_message_size = 20'000}, Limits{.max_elements = 5'000},
                                 Limits{.max_message_size = 12'000}}) {
        json batch = json::array();
        for (int id = 0; id < count; ++id) batch.push_back(request("long", {1'000}, id));
        calls = 0;
        const std::string text = *methods.answer_text(batch.dump(), limits);
        const json replies = jsocket::parse(text, limits);
        ASSERT_EQ(replies.size(), std::size_t(count));
        int results = 0;
        for (int id = 0; id < count; ++id) {
            EXPECT_EQ(replies[id].at("id"), id);
            results += replies[id].contains("result");
            if (replies[id].contains("result")) continue;
            EXPECT_NE(replies[id]["error"]["data"]["reason"].get<std::string>().find("together"),
                      std::string::npos);
        }
        EXPECT_GT(results, 0);
        EXPECT_LT(results, count);
        EXPECT_EQ(calls, count);
    }
}

TEST(DispatcherErrors, RefuseABatchThatCouldNotEvenBeAnsweredWithErrors) {
    Dispatcher methods;
    int calls = 0;
    methods.bind("count", [&] { return ++calls; });
    json batch = json::array();
    for (int id = 0; id < 100; ++id) batch.push_back(request("count", nullptr, id));
    const json reply = json::parse(*methods.answer_text(batch.dump(), {.max_message_size = 5'500}));
    EXPECT_EQ(reply.at("id"), nullptr);
    EXPECT_EQ(reply.at("error").at("code"), -32600);
    EXPECT_EQ(calls, 0) << "what could not be answered must not run";
    json notifications = json::array();
    for (int i = 0; i < 50; ++i) notifications.push_back(notification("count"));
    EXPECT_EQ(methods.answer_text(notifications.dump(), {.max_message_size = 5'500}), std::nullopt);
    EXPECT_EQ(calls, 50) << "notifications need no room";
}

TEST(DispatcherErrors, DoNotRepeatALongIdThatHasNoRoom) {
    Dispatcher methods;
    methods.bind("long", [](std::size_t size) { return std::string(size, 'x'); });
    const std::string id(5'000, 'i');
    json batch = json::array({request("long", {1}, id), request("long", {9'000}, id)});
    const json replies =
        json::parse(*methods.answer_text(batch.dump(), {.max_message_size = 11'000}));
    EXPECT_EQ(replies.at(0).at("id"), id);
    EXPECT_EQ(replies.at(1).at("id"), nullptr);
    EXPECT_EQ(replies.at(1).at("error").at("code"), -32603);
}

TEST(DispatcherErrors, TakeThePlaceOfTheResultOfABatchThatIsTooDeepWithinIt) {
    Dispatcher methods;
    methods.bind("nested", [](int levels) {
        json nested = 1;
        for (int i = 0; i < levels; ++i) nested = json::array({std::move(nested)});
        return nested;
    });
    const auto replies = [&](const json& batch) {
        return json::parse(*methods.answer_text(batch.dump(), {.max_depth = 10}));
    };
    EXPECT_TRUE(replies(request("nested", {9}, 1)).contains("result"));
    const json batch = replies({request("nested", {8}, 1), request("nested", {9}, 2)});
    EXPECT_TRUE(batch.at(0).contains("result"));
    EXPECT_EQ(batch.at(1).at("error").at("code"), -32603);
}

TEST(DispatcherText, RefusesWhatIsNoJson) {
    const Dispatcher methods = make_methods();
    const json reply = error_reply(error(-32700, "Parse error"));
    for (const std::string_view text : {"", " ", "{", "[1,]", "nul", "\xFF", "\xEF\xBB\xBF{}",
                                        "{} {}", "NaN", "[18446744073709551616"}) {
        EXPECT_EQ(reply_to(methods, text), reply) << text;
    }
    EXPECT_EQ(reply_to(methods, std::string_view("{}\0", 3)), reply);
}

TEST(DispatcherText, SaysWhichNumberCannotBeHeld) {
    const Dispatcher methods = make_methods();
    const std::vector<std::pair<std::string_view, std::string_view>> reasons = {
        {"18446744073709551616", "integer beyond 64 bits at byte 0: 18446744073709551616"},
        {"[-9223372036854775809]", "integer beyond 64 bits at byte 1: -9223372036854775809"},
        {"[1e400]", "number beyond double at byte 1: 1e400"},
    };
    for (const auto& [text, reason] : reasons) {
        EXPECT_EQ(reply_to(methods, text),
                  error_reply(error(-32700, "Parse error", {{"reason", reason}})));
    }
}

TEST(DispatcherText, RefusesWhatIsBeyondTheLimits) {
    const Dispatcher methods = make_methods();
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_EQ(reply_to(methods, nested(128)), json::array({error_reply(invalid)}));
    const json deep = reply_to(methods, nested(129));
    EXPECT_EQ(deep.at("error").at("code"), -32600);
    EXPECT_TRUE(deep.at("error").at("data").contains("reason"));
    const Limits few{.max_elements = 10};
    const auto many = methods.answer_text("[0,1,2,3,4,5,6,7,8,9]", few);
    EXPECT_EQ(json::parse(*many).at("error").at("code"), -32600);
}

TEST(DispatcherBatch, AnswersEachCallInOrder) {
    const Dispatcher methods = make_methods();
    const json replies =
        *methods.answer({request("sum", {1, 2}, "a"), notification("sum", {1, 2}), 5,
                         request("unknown", nullptr, "b"), json::array(), request("sum", {3, 4})});
    EXPECT_EQ(replies, (json{{{"jsonrpc", "2.0"}, {"result", 3}, {"id", "a"}},
                             error_reply(invalid),
                             error_reply(error(-32601, "Method not found"), "b"),
                             error_reply(invalid),
                             {{"jsonrpc", "2.0"}, {"result", 7}, {"id", 1}}}));
}

TEST(DispatcherBatch, IsNotAnsweredIfItHasNoCalls) {
    const Dispatcher methods = make_methods();
    EXPECT_EQ(methods.answer({notification("sum", {1, 2}), notification("unknown")}), std::nullopt);
    EXPECT_EQ(methods.answer(json::array({notification("sum")})), std::nullopt);
}

TEST(DispatcherBatch, IsRefusedIfItIsEmpty) {
    EXPECT_EQ(make_methods().answer(json::array()), error_reply(invalid));
}

TEST(DispatcherBatch, IsRefusedAsAWholeIfItIsTooLong) {
    const Dispatcher methods = make_methods();
    json batch = json::array();
    for (int i = 0; i < 1'000; ++i) batch.push_back(request("sum", {i, i}, i));
    const json replies = *methods.answer(batch);
    ASSERT_EQ(replies.size(), 1'000U);
    EXPECT_EQ(replies.at(999).at("result"), 1'998);
    batch.push_back(notification("sum"));
    EXPECT_EQ(methods.answer(batch),
              error_reply(error(-32600, "Invalid Request",
                                {{"reason", "a batch of 1001 requests"}, {"limit", 1'000}})));
    EXPECT_EQ(methods.method_stats().at("sum").calls, 1'000U);
}

TEST(Dispatcher, AnswersWithinAMethod) {
    Dispatcher methods = make_methods();
    methods.bind("factorial", [&methods](int n) -> json {
        if (n == 0) return 1;
        return outcome(methods, "factorial", {n - 1}).get<int>() * n;
    });
    EXPECT_EQ(outcome(methods, "factorial", {10}), 3'628'800);
    const MethodStats stats = methods.method_stats().at("factorial");
    EXPECT_EQ(stats.calls, 11U);
    EXPECT_EQ(stats.in_flight, 0U);
}

TEST(Dispatcher, IsCopiedWithItsMethodsAndSharesItsStatistics) {
    Dispatcher methods = make_methods();
    Dispatcher copy = methods;
    copy.bind("more", [] { return 1; });
    EXPECT_EQ(outcome(copy, "more"), 1);
    EXPECT_EQ(outcome(methods, "more").at("code"), -32601);
    outcome(copy, "sum", {1, 2});
    outcome(methods, "sum", {1, 2});
    EXPECT_EQ(methods.method_stats().at("sum").calls, 2U);
    EXPECT_EQ(copy.method_stats().at("more").calls, 1U);
    methods = copy;
    EXPECT_EQ(outcome(methods, "more"), 1);
    const Dispatcher moved = std::move(copy);
    EXPECT_EQ(outcome(moved, "more"), 1);
    EXPECT_EQ(moved.method_stats().at("more").calls, 3U);
}

TEST(Dispatcher, RefusesOptionsOutOfRange) {
    EXPECT_THROW(Dispatcher({.max_batch_size = 0}), UsageError);
    EXPECT_THROW(Dispatcher({.max_method_name = 0}), UsageError);
    EXPECT_THROW(Dispatcher({.call_timeout = std::chrono::milliseconds(-5)}), UsageError);
}

TEST(Middleware, StandsAroundCallsTheFirstOneOutermost) {
    std::string order;
    Dispatcher methods;
    for (const char name : {'a', 'b'}) {
        methods.use([&order, name](Call& call, json& params, const Next& next) {
            order += name;
            json result = next(call, params);
            order += name;
            return result;
        });
    }
    methods.bind("f", [&order] { order += 'f'; });
    outcome(methods, "f");
    EXPECT_EQ(order, "abfba");
}

TEST(Middleware, MayChangeParamsAndResult) {
    Dispatcher methods = make_methods();
    methods.use([](Call& call, json& params, const Next& next) {
        params.push_back(10);
        return json{{"was", next(call, params)}};
    });
    EXPECT_EQ(outcome(methods, "sum", json::array({5})), (json{{"was", 15}}));
}

TEST(Middleware, MayRefuseACallBeforeItsParametersAreLookedAt) {
    Dispatcher methods = make_methods();
    methods.use([](Call& call, json& params, const Next& next) -> json {
        if (call.method() == "sum") throw RpcError(401, "Who are you?");
        return next(call, params);
    });
    methods.bind("free", [] { return 1; });
    EXPECT_EQ(outcome(methods, "sum", {"wrong"}), error(401, "Who are you?"));
    EXPECT_EQ(outcome(methods, "free"), 1);
    EXPECT_EQ(methods.method_stats().at("sum").errors, 1U);
}

TEST(Middleware, SeesWhatACallThrowsAndMayAnswerInstead) {
    std::vector<int> codes;
    Dispatcher methods = make_methods();
    methods.use([&codes](Call& call, json& params, const Next& next) -> json {
        try {
            return next(call, params);
        } catch (const RpcError& failure) {
            codes.push_back(failure.code());
            if (failure.code() == method_not_found) return "instead";
            throw;
        } catch (const std::runtime_error&) {
            codes.push_back(0);
            throw RpcError(9, "told by the middleware");
        }
    });
    methods.bind("fails", [] { throw std::runtime_error("secret"); });
    EXPECT_EQ(outcome(methods, "unknown"), "instead");
    EXPECT_EQ(outcome(methods, "sum").at("code"), -32602);
    EXPECT_EQ(outcome(methods, "fails"), error(9, "told by the middleware"));
    EXPECT_EQ(codes, (std::vector<int>{-32601, -32602, 0}));
}

TEST(Middleware, StandsAroundNotificationsAndReservedMethodsToo) {
    std::vector<std::string> seen;
    Dispatcher methods = make_methods();
    methods.use([&seen](Call& call, json& params, const Next& next) {
        seen.push_back(call.method() + (call.is_notification() ? " notified" : ""));
        return next(call, params);
    });
    methods.answer({notification("sum", {1, 2}), request("rpc.health"), request("rpc.discover"),
                    notification("unknown")});
    EXPECT_EQ(seen, (std::vector<std::string>{"sum notified", "rpc.health", "rpc.discover",
                                              "unknown notified"}));
}

TEST(Middleware, HidesWhatItThrowsItself) {
    Dispatcher methods = make_methods();
    methods.use([](Call&, json&, const Next&) -> json { throw std::logic_error("secret"); });
    EXPECT_EQ(outcome(methods, "sum", {1, 2}), error(-32603, "Internal error"));
}

}  // namespace
}  // namespace jsocket::rpc
