// SPDX-License-Identifier: Apache-2.0
#include "rpc/rpc_fixture.hpp"
#include "support/error_of.hpp"
#include "support/waiting.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <vector>

namespace jsocket::rpc {
namespace {

using test_support::error_of;
using test_support::Stopwatch;
using test_support::waiting;

class RpcClient : public RpcTest {
  protected:
    RpcClient() {
        methods.bind("subtract", [](int a, int b) { return a - b; }, {"minuend", "subtrahend"});
        methods.bind("refuse", [](int code) { throw RpcError(code, "refused", {{"why", "so"}}); });
        methods.bind("wait", [this](std::stop_token stop) { return released.wait_or_stop(stop); });
    }
    ~RpcClient() override {
        released.set();
        stop_server();
    }

    Event released;
};

TEST_F(RpcClient, CallsByPosition) { EXPECT_EQ(new_client().call<int>("subtract", {42, 23}), 19); }

TEST_F(RpcClient, CallsByName) {
    const Client client = new_client();
    EXPECT_EQ(client.call<int>("subtract", {{"subtrahend", 23}, {"minuend", 42}}), 19);
}

TEST_F(RpcClient, GivesTheResultAsJsonOrNotAtAll) {
    const Client client = new_client();
    EXPECT_EQ(client.call("subtract", {1, 2}), json(-1));
    client.call<void>("subtract", {1, 2});
}

TEST_F(RpcClient, ThrowsTheErrorObjectOfTheReply) {
    const Client client = new_client();
    const auto error = error_of<RpcError>([&] { client.call("refuse", {7}); });
    EXPECT_EQ(error->code(), 7);
    EXPECT_EQ(error->message(), "refused");
    EXPECT_EQ(error->data(), (json{{"why", "so"}}));
    EXPECT_STREQ(error->what(), "refuse: refused (7): {\"why\":\"so\"}");
    EXPECT_TRUE(error->connection_usable());
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
}

TEST_F(RpcClient, ThrowsIfTheResultIsOfAnotherType) {
    const Client client = new_client();
    const auto error = error_of<ConversionError>([&] {
        client.call<std::string>("subtract", {2, 1});
    });
    EXPECT_STREQ(error->what(), "result: 1 is not a string");
    EXPECT_THROW(client.call<unsigned>("subtract", {1, 2}), ConversionError);
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
}

TEST_F(RpcClient, RefusesParamsThatAreNone) {
    const Client client = new_client();
    EXPECT_THROW(client.call("subtract", 1), UsageError);
    EXPECT_THROW(client.notify("subtract", "x"), UsageError);
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
}

TEST_F(RpcClient, HasManyCallsInFlightOnOneConnection) {
    std::latch all(64);
    methods.bind("meet", [&](int i) {
        all.arrive_and_wait();  // for ever, unless all of them run at the same time
        return i;
    });
    const Client client = new_client();
    std::vector<std::future<int>> results;
    for (int i = 0; i < 64; ++i) results.push_back(client.async_call<int>("meet", {i}));
    for (int i = 0; i < 64; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i);
    EXPECT_EQ(server().client_stats().clients.size(), 1U);
}

TEST_F(RpcClient, MayBeUsedByManyThreads) {
    const Client client = new_client();
    std::vector<std::future<int>> sums;
    for (int thread = 0; thread < 8; ++thread) {
        sums.push_back(std::async(std::launch::async, [&client] {
            int sum = 0;
            for (int i = 0; i < 200; ++i) sum += client.call<int>("subtract", {i, i - 1});
            return sum;
        }));
    }
    for (auto& sum : sums) EXPECT_EQ(sum.get(), 200);
}

TEST_F(RpcClient, WaitsWhileTooManyOfItsCallsAreInFlight) {
    Client client({.port = server().port()}, Dispatcher({.max_calls_in_flight = 2}));
    client.connect();
    auto first = client.async_call<bool>("wait");
    auto second = client.async_call<bool>("wait");
    EXPECT_THROW(client.call("subtract", {1, 1}, {.timeout = 20ms}), TimeoutError);
    auto third = waiting([&] { return client.call<int>("subtract", {1, 1}); });
    released.set();
    EXPECT_EQ(third.get(), 0);
    EXPECT_FALSE(first.get());
    EXPECT_FALSE(second.get());
}

TEST_F(RpcClient, CallsThatWaitFailAtOnceWhenTheServerGoes) {
    test_support::RawListener listener;
    Client client({.port = listener.port()});
    client.connect();
    RawPeer other_end = listener.accept();
    auto result = client.async_call("anything", nullptr, {.timeout = no_timeout});
    auto other = client.async_call<int>("anything", nullptr, {.timeout = 1h});
    other_end.close();
    ASSERT_EQ(result.wait_for(patience), std::future_status::ready);
    EXPECT_THROW(result.get(), ConnectionError);
    EXPECT_THROW(other.get(), ConnectionError);
    EXPECT_THROW(client.call("anything"), ConnectionClosed);
    EXPECT_FALSE(client.connected());
}

TEST_F(RpcClient, CloseEndsCallsInOtherThreads) {
    Client client = new_client();
    auto result = waiting([&] { client.call("wait", nullptr, {.timeout = no_timeout}); });
    client.close();
    EXPECT_THROW(result.get(), ConnectionClosed);
    client.close();
}

TEST_F(RpcClient, ATimeOutLeavesTheConnectionUsable) {
    const Client client = new_client();
    const auto error =
        error_of<TimeoutError>([&] { client.call("wait", nullptr, {.timeout = 20ms}); });
    EXPECT_TRUE(error->connection_usable());
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
}

TEST_F(RpcClient, ATimeOutTellsTheMethodToStop) {
    const Client client = new_client();
    EXPECT_THROW(client.call("wait", nullptr, {.timeout = 20ms}), TimeoutError);
    // The method has returned, though nothing has released it, and its reply came too late.
    EXPECT_TRUE(wait_until([&] { return client.stray_replies() == 1; }));
}

TEST_F(RpcClient, AFutureTimesOutThoughNobodyLooksAtIt) {
    const Client client = new_client();
    auto later = client.async_call("wait", nullptr, {.timeout = 40ms});
    auto sooner = client.async_call("wait", nullptr, {.timeout = 20ms});
    ASSERT_EQ(sooner.wait_for(patience), std::future_status::ready);
    ASSERT_EQ(later.wait_for(patience), std::future_status::ready);
    EXPECT_THROW(sooner.get(), TimeoutError);
    EXPECT_THROW(later.get(), TimeoutError);
}

TEST_F(RpcClient, ARefusedNotificationIsNoAnswerToACall) {
    const Client client = new_client();
    auto slow = client.async_call<bool>("wait");
    client.notify(std::string(300, 'm'));
    ASSERT_TRUE(wait_until([&] { return client.stray_replies() == 1; }));
    released.set();
    EXPECT_FALSE(slow.get());
}

TEST_F(RpcClient, ThrowsWhenItIsNotConnected) {
    Client client({.port = server().port()});
    EXPECT_FALSE(client.connected());
    EXPECT_THROW(client.call("subtract", {1, 1}), ConnectionClosed);
    EXPECT_THROW(client.notify("subtract", {1, 1}), ConnectionClosed);
}

TEST_F(RpcClient, ConnectsAgain) {
    Client client = new_client();
    const Peer copy = client;
    client.connect();
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
    client.close();
    EXPECT_THROW(copy.call("subtract", {2, 1}), ConnectionClosed);
    client.connect();
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
    EXPECT_EQ(copy.call<int>("subtract", {2, 1}), 1);
}

TEST_F(RpcClient, ThrowsIfNobodyListens) {
    test_support::RawListener listener;
    const std::uint16_t port = listener.port();
    listener.close();
    Client client({.port = port, .retry = {.attempts = 1}});
    EXPECT_THROW(client.connect(), ConnectError);
    EXPECT_FALSE(client.connected());
}

TEST_F(RpcClient, MayBeMovedAndThrownAway) {
    Client client = new_client();
    Client moved = std::move(client);
    EXPECT_EQ(moved.call<int>("subtract", {2, 1}), 1);
    client = std::move(moved);
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
}

TEST_F(RpcClient, ABatchIsOneMessage) {
    const Client client = new_client();
    Batch batch;
    EXPECT_EQ(batch.call("subtract", {5, 3}), 0U);
    batch.notify("subtract", {1, 1});
    EXPECT_EQ(batch.call("nothing"), 1U);
    EXPECT_EQ(batch.call("subtract", {"x", 1}), 2U);
    const std::vector<Outcome> outcomes = client.batch(batch);
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_TRUE(outcomes[0].ok());
    EXPECT_EQ(outcomes[0].get<int>(), 2);
    EXPECT_THROW(outcomes[0].get<std::string>(), ConversionError);
    EXPECT_EQ(error_of<RpcError>([&] { outcomes[1].get(); })->code(), method_not_found);
    EXPECT_EQ(error_of<RpcError>([&] { outcomes[2].get(); })->code(), invalid_params);
    const auto stats = server().client_stats().clients.begin()->second;
    EXPECT_EQ(stats.messages_in, 1U);
    EXPECT_EQ(stats.messages_out, 1U);
}

TEST_F(RpcClient, ABatchOfNotificationsIsNotAnswered) {
    const Client client = new_client();
    Batch batch;
    batch.notify("subtract", {1, 1});
    batch.notify("nothing");
    EXPECT_TRUE(client.batch(batch).empty());
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
    EXPECT_EQ(client.stray_replies(), 0U);
    EXPECT_THROW(client.batch(Batch()), UsageError);
}

TEST_F(RpcClient, ABatchThatIsTooLongFailsAsAWhole) {
    const Client client = new_client();
    Batch batch;
    for (int i = 0; i < 1001; ++i) batch.call("subtract", {i, 1});
    for (const Outcome& outcome : client.batch(batch)) {
        ASSERT_EQ(error_of<RpcError>([&] { outcome.get(); })->code(), invalid_request);
    }
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
}

TEST_F(RpcClient, ResultsOfABatchThatCannotBeSentDoNotFailTheOthers) {
    options.limits.max_message_size = 1000;
    for (const auto run : {rpc::Run::immediately, rpc::Run::concurrently}) {
        const std::string name = run == rpc::Run::immediately ? "now" : "beside";
        methods.bind(name, [](int size) { return std::string(std::size_t(size), 'x'); }, {},
                     {.run = run});
    }
    const Client client = new_client();
    for (const char* name : {"now", "beside"}) {
        Batch batch;
        for (const int size : {10, 2000, 20}) batch.call(name, {size});
        const std::vector<Outcome> outcomes = client.batch(batch);
        EXPECT_EQ(outcomes[0].get<std::string>(), std::string(10, 'x')) << name;
        EXPECT_EQ(error_of<RpcError>([&] { outcomes[1].get(); })->code(), internal_error) << name;
        EXPECT_EQ(outcomes[2].get<std::string>(), std::string(20, 'x')) << name;
    }
}

TEST_F(RpcClient, ExceptionsNameTheMethod) {
    const Client client = new_client();
    const auto text = [&](const char* method, const json& params, CallOptions call = {}) {
        return std::string(error_of<Error>([&] { client.call(method, params, call); })->what());
    };
    const std::string address = "127.0.0.1:" + std::to_string(server().port());
    EXPECT_TRUE(text("subtract", {1}).starts_with("subtract: Invalid params (-32602): "));
    EXPECT_EQ(text("none\n", json::array()), "none\\x0a: Method not found (-32601)");
    EXPECT_EQ(text("wait", json::array(), {.timeout = 30ms}),
              "no reply to wait from " + address + " in time");
}

TEST_F(RpcClient, ABatchTimesOut) {
    const Client client = new_client();
    Batch batch;
    batch.call("wait");
    const std::vector<Outcome> outcomes = client.batch(batch, {.timeout = 30ms});
    EXPECT_THROW(outcomes[0].get(), TimeoutError);
    EXPECT_EQ(client.call<int>("subtract", {2, 1}), 1);
}

/// A server that answers what the test says, and nothing else.
class RpcClientOfAStranger : public ::testing::Test {
  protected:
    RpcClientOfAStranger() : client({.port = listener.port()}) {
        client.connect();
        stranger.emplace(listener.accept());
    }

    test_support::RawListener listener;
    Client client;
    std::optional<RawPeer> stranger;
};

TEST_F(RpcClientOfAStranger, IgnoresRepliesToUnknownIds) {
    auto answer = client.async_call<int>("m");
    const json id = receive(*stranger).at("id");
    for (const json& other : {json(999), json("1"), json(1.5), json(-1), json::object()}) {
        send(*stranger, result(0, other));
    }
    send(*stranger, {{"jsonrpc", "2.0"}, {"result", 1}});
    send(*stranger, result(5, id));
    EXPECT_EQ(answer.get(), 5);
    send(*stranger, result(6, id));  // once more
    EXPECT_TRUE(wait_until([&] { return client.stray_replies() == 7; }));
}

TEST_F(RpcClientOfAStranger, ARepliesOrderIsItsOwn) {
    auto first = client.async_call<std::string>("a");
    auto second = client.async_call<std::string>("b");
    const json one = receive(*stranger).at("id");
    const json two = receive(*stranger).at("id");
    send(*stranger, json::array({result("two", two), result("one", one)}));
    EXPECT_EQ(first.get(), "one");
    EXPECT_EQ(second.get(), "two");
}

TEST_F(RpcClientOfAStranger, ThrowsIfAReplyIsNeitherAResultNorAnError) {
    const std::vector<json> parts = {
        json::object(),
        {{"error", "no"}},
        {{"error", {{"code", 1}}}},
        {{"error", {{"code", "1"}, {"message", "m"}}}},
        {{"error", {{"code", 1e10}, {"message", "m"}}}},
        {{"error", {{"code", 10000000000}, {"message", "m"}}}},
        {{"error", {{"code", 18446744073709551615U}, {"message", "m"}}}},
        {{"result", 1}, {"error", {{"code", 1}, {"message", "m"}}}},
    };
    for (json part : parts) {
        auto answer = client.async_call("m");
        part["id"] = receive(*stranger).at("id");
        send(*stranger, part);
        const auto error = error_of<ProtocolError>([&] { answer.get(); });
        EXPECT_TRUE(error->connection_usable());
    }
    EXPECT_TRUE(client.connected());
}

TEST_F(RpcClientOfAStranger, AReplyThatSaysNothingIsOneInABatchToo) {
    auto first = client.async_call<int>("a");
    auto second = client.async_call<int>("b");
    const json one = receive(*stranger).at("id");
    const json two = receive(*stranger).at("id");
    send(*stranger, json::array({json{{"jsonrpc", "2.0"}, {"id", one}}, result(2, two)}));
    EXPECT_THROW(first.get(), ProtocolError);
    EXPECT_EQ(second.get(), 2);
}

TEST_F(RpcClientOfAStranger, AnErrorWithoutAnIdIsThatOfTheOnlyCall) {
    auto answer = client.async_call("m");
    receive(*stranger);
    send(*stranger, {{"jsonrpc", "2.0"},
                     {"error", {{"code", parse_error}, {"message", "Parse error"}}},
                     {"id", nullptr}});
    EXPECT_EQ(error_of<RpcError>([&] { answer.get(); })->code(), parse_error);
}

TEST_F(RpcClientOfAStranger, AnErrorWithoutAnIdIsNobodysIfThereAreSeveralCalls) {
    auto first = client.async_call<int>("m");
    auto second = client.async_call<int>("m");
    const json one = receive(*stranger).at("id");
    const json two = receive(*stranger).at("id");
    send(*stranger,
         {{"error", {{"code", parse_error}, {"message", "Parse error"}}}, {"id", nullptr}});
    send(*stranger, result(1, one));
    send(*stranger, result(2, two));
    EXPECT_EQ(first.get(), 1);
    EXPECT_EQ(second.get(), 2);
    EXPECT_EQ(client.stray_replies(), 1U);
}

TEST_F(RpcClientOfAStranger, AnErrorWithoutAnIdMayBeThatOfANotification) {
    const json error = {{"error", {{"code", method_not_found}, {"message", "Method not found"}}},
                        {"id", nullptr}};
    EXPECT_THROW(client.call("slow", nullptr, {.timeout = 10ms}), TimeoutError);
    receive(*stranger);
    EXPECT_EQ(receive(*stranger).at("method"), "rpc.cancel");
    auto answer = client.async_call<int>("m");
    const json id = receive(*stranger).at("id");
    send(*stranger, error);
    send(*stranger, result(1, id));
    EXPECT_EQ(answer.get(), 1);

    client.close();
    client.connect();  // on another connection nothing has been notified
    stranger.emplace(listener.accept());
    auto refused = client.async_call("m");
    receive(*stranger);
    send(*stranger, error);
    EXPECT_EQ(error_of<RpcError>([&] { refused.get(); })->code(), method_not_found);
}

TEST_F(RpcClientOfAStranger, AnswersWhatIsNoJson) {
    stranger->send(prefix_frame("{\"jsonrpc\":"));
    EXPECT_EQ(code_of(receive(*stranger), nullptr), parse_error);
    stranger->send(prefix_frame("[1e400]"));
    const json reply = receive(*stranger);
    EXPECT_EQ(code_of(reply, nullptr), parse_error);
    EXPECT_EQ(reply.at("error").at("data").at("reason"), "number beyond double at byte 1: 1e400");
    EXPECT_TRUE(client.connected());
}

TEST_F(RpcClientOfAStranger, AReplyThatCannotBeReadIsThatOfTheOnlyCall) {
    for (const std::size_t which : {0U, 1U}) {
        auto answer = client.async_call("m");
        const json id = receive(*stranger).at("id");
        stranger->send(prefix_frame(unreadable_results(id)[which]));
        const auto error = error_of<ProtocolError>([&] { answer.get(); });
        EXPECT_TRUE(std::string(error->what()).starts_with("the reply to m from 127.0.0.1:"));
        EXPECT_TRUE(error->connection_usable());
    }
    client.notify("next");  // nothing has been sent before it
    EXPECT_EQ(receive(*stranger), request("next"));
    EXPECT_EQ(client.stray_replies(), 0U);
}

TEST_F(RpcClientOfAStranger, AReplyThatCannotBeReadIsNobodysIfThereAreSeveralCalls) {
    auto first = client.async_call<int>("m");
    auto second = client.async_call<int>("m");
    const json one = receive(*stranger).at("id");
    const json two = receive(*stranger).at("id");
    for (const std::string& text : unreadable_results(one)) stranger->send(prefix_frame(text));
    send(*stranger, result(1, one));
    send(*stranger, result(2, two));
    EXPECT_EQ(first.get(), 1);
    EXPECT_EQ(second.get(), 2);
    EXPECT_EQ(client.stray_replies(), 2U);
    client.notify("next");
    EXPECT_EQ(receive(*stranger), request("next"));
}

TEST_F(RpcClientOfAStranger, SendsRequestsAsTheSpecificationHasThem) {
    client.notify("told", {1});
    auto answer = client.async_call("asked");
    EXPECT_EQ(receive(*stranger), request("told", {1}));
    const json call = receive(*stranger);
    EXPECT_EQ(call, request("asked", nullptr, call.at("id")));
    EXPECT_TRUE(call.at("id").is_number_unsigned());
    client.close();
}

TEST_F(RpcClientOfAStranger, TellsTheServerOfATimeOut) {
    EXPECT_THROW(client.call("m", nullptr, {.timeout = 10ms}), TimeoutError);
    const json id = receive(*stranger).at("id");
    EXPECT_EQ(receive(*stranger), request("rpc.cancel", {{"id", id}}));
}

}  // namespace
}  // namespace jsocket::rpc
