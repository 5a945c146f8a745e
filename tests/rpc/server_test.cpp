// SPDX-License-Identifier: Apache-2.0
#include "rpc/rpc_fixture.hpp"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace jsocket::rpc {
namespace {

class RpcServer : public RpcTest {
  protected:
    RpcServer() {
        methods.bind("echo", [](json value) { return value; }, {"value"});
        methods.bind("quick", [](json value) { return value; }, {"value"},
                     {.run = Run::immediately});
        methods.bind("wait", [this] { released.wait(); });
        methods.bind("note", [this](json value) {
            const std::scoped_lock lock(mutex);
            notes.push_back(std::move(value));
        });
    }
    ~RpcServer() override {
        released.set();
        stop_server();
    }

    std::vector<json> taken() {
        const std::scoped_lock lock(mutex);
        return notes;
    }

    Event released;
    std::mutex mutex;
    std::vector<json> notes;
};

TEST_F(RpcServer, AnswersCallsAsTheyEnd) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, "slow"));
    send(client, request("echo", {1}, "fast"));
    EXPECT_EQ(receive(client), result(1, "fast"));
    released.set();
    EXPECT_EQ(receive(client), result(nullptr, "slow"));
}

TEST_F(RpcServer, SendsIdsBackAsTheyAre) {
    RawPeer client = new_raw_client();
    for (const json& id : {json("a\u00e9"), json(0), json(-5), json(1.5), json("")}) {
        send(client, request("echo", {1}, id));
        EXPECT_EQ(receive(client), result(1, id));
    }
    client.send(prefix_frame(R"({"jsonrpc":"2.0","method":"echo","params":[1],"id":null})"));
    EXPECT_EQ(receive(client), result(1, nullptr));
}

TEST_F(RpcServer, GoesOnAfterTextThatIsNoJson) {
    RawPeer client = new_raw_client();
    for (const char* text : {"{\"jsonrpc\":", "", "x", "\xff", "[1,", "{\"a\":1} {}", "NaN"}) {
        client.send(prefix_frame(text));
        EXPECT_EQ(receive(client), (json{{"jsonrpc", "2.0"},
                                         {"error", {{"code", -32700}, {"message", "Parse error"}}},
                                         {"id", nullptr}}));
    }
    send(client, request("echo", {1}, 1));
    EXPECT_EQ(receive(client), result(1, 1));
}

TEST_F(RpcServer, SaysWhichNumberCannotBeHeld) {
    RawPeer client = new_raw_client();
    client.send(prefix_frame("[1e400]"));
    const json reply = receive(client);
    EXPECT_EQ(code_of(reply, nullptr), parse_error);
    EXPECT_EQ(reply.at("error").at("data").at("reason"), "number beyond double at byte 1: 1e400");
}

TEST_F(RpcServer, SaysWhichLimitAMessageIsBeyond) {
    RawPeer client = new_raw_client();
    client.send(prefix_frame(test_support::nested(129)));
    const json reply = receive(client);
    EXPECT_EQ(code_of(reply, nullptr), invalid_request);
    EXPECT_NE(reply.at("error").at("data").dump().find("128"), std::string::npos) << reply;
    send(client, request("echo", {1}, 1));
    EXPECT_EQ(receive(client), result(1, 1));
}

TEST_F(RpcServer, SpeaksLines) {
    RawPeer client = new_raw_client();
    client.send(request("echo", {1}, 1).dump() + "\n");
    EXPECT_EQ(json::parse(client.receive_line()), result(1, 1));
    client.send("{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]\n");
    EXPECT_EQ(code_of(json::parse(client.receive_line()), nullptr), parse_error);
    client.send("[1\n");
    EXPECT_EQ(code_of(json::parse(client.receive_line()), nullptr), parse_error);
    client.send(request("echo", {2}, 2).dump() + "\n");
    EXPECT_EQ(json::parse(client.receive_line()), result(2, 2));
}

TEST_F(RpcServer, DoesNotTalkToBrowsers) {
    options.framing = Framing::lines;
    RawPeer client = new_raw_client();
    client.send("POST / HTTP/1.1\r\n\r\n" + request("note", {1}).dump() + "\n");
    EXPECT_EQ(client.receive_until_end(), "");
    EXPECT_TRUE(taken().empty());
}

TEST_F(RpcServer, RefusesAnIdThatIsInFlight) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    send(client, request("echo", {1}, 1));
    EXPECT_EQ(code_of(receive(client), 1), invalid_request);
    send(client, request("echo", {1}, "1"));  // another one
    EXPECT_EQ(receive(client), result(1, "1"));
    released.set();
    EXPECT_EQ(receive(client), result(nullptr, 1));
    send(client, request("echo", {2}, 1));  // free again
    EXPECT_EQ(receive(client), result(2, 1));
}

TEST_F(RpcServer, RefusesTheSecondOfTwoEqualIdsInABatch) {
    RawPeer client = new_raw_client();
    send(client, json::array({request("echo", {1}, 7), request("echo", {2}, 7)}));
    const json replies = receive(client);
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0], result(1, 7));
    EXPECT_EQ(code_of(replies[1], 7), invalid_request);
}

TEST_F(RpcServer, RefusesMoreCallsThanMayBeInFlight) {
    methods = Dispatcher({.max_calls_in_flight = 2});
    methods.bind("wait", [this] { released.wait(); });
    methods.bind("quick", [] { return 1; }, {}, {.run = Run::immediately});
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    send(client, json::array({request("wait", nullptr, 2), request("wait", nullptr, 3)}));
    send(client, request("wait", nullptr, 4));
    json reply = receive(client);
    EXPECT_EQ(code_of(reply, 4), too_many_calls);
    EXPECT_EQ(reply.at("error").at("data"), (json{{"limit", 2}}));
    send(client, json::array({request("wait", nullptr, 5), request("nothing", nullptr, 6)}));
    reply = receive(client);
    EXPECT_EQ(code_of(reply.at(0), 5), too_many_calls);
    EXPECT_EQ(code_of(reply.at(1), 6), too_many_calls);
    send(client, request("quick", nullptr, 7));  // is over before the next message is read
    EXPECT_EQ(receive(client), result(1, 7));
    released.set();
    const json replies = json::array({receive(client), receive(client)});
    EXPECT_NE(replies[0].is_array(), replies[1].is_array());
    send(client, request("wait", nullptr, 8));
    EXPECT_EQ(receive(client), result(nullptr, 8));
}

TEST_F(RpcServer, RefusesCallsWithoutWaitingForRoomInItsQueue) {
    methods = Dispatcher({.max_calls_in_flight = 1, .max_queued_notifications = 1});
    methods.bind("wait", [this] { released.wait(); }, {}, {.run = rpc::Run::in_order});
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    send(client, request("wait"));  // fills the queue once the first one runs
    send(client, request("wait", nullptr, 2));
    EXPECT_EQ(code_of(receive(client), 2), too_many_calls);
    released.set();
    EXPECT_EQ(receive(client), result(nullptr, 1));
}

TEST_F(RpcServer, ClosesTheConnectionIfNotEvenAnErrorFitsIntoTheLimits) {
    options.limits.max_message_size = 100;
    methods.bind("long", [] { return std::string(200, 'x'); });
    RawPeer client = new_raw_client();
    send(client, request("long"));
    send(client, request("quick", {1}, 1));
    EXPECT_EQ(receive(client), result(1, 1)) << "nobody waits for the result of a notification";
    send(client, request("long", nullptr, 2));
    EXPECT_TRUE(client.closed_by_peer());
}

TEST_F(RpcServer, TakesSixtyFourCallsAtATimeUnlessToldOtherwise) {
    RawPeer client = new_raw_client();
    for (int i = 0; i < 65; ++i) send(client, request("wait", nullptr, i));
    EXPECT_EQ(code_of(receive(client), 64), too_many_calls);
    released.set();
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(receive(client).contains("result"));
}

TEST_F(RpcServer, BoundsTheBytesInFlight) {
    methods = Dispatcher({.max_bytes_in_flight = 1000});
    methods.bind("wait", [this](const std::string&) { released.wait(); });
    RawPeer client = new_raw_client();
    send(client, request("wait", {std::string(2000, 'x')}, 1));  // one is always taken
    send(client, request("wait", {""}, 2));
    EXPECT_EQ(code_of(receive(client), 2), too_many_calls);
    released.set();
    EXPECT_EQ(receive(client), result(nullptr, 1));
}

TEST_F(RpcServer, RunsNotificationsInTheirOrder) {
    RawPeer client = new_raw_client();
    for (int i = 0; i < 2'000; ++i) send(client, request("note", {i}));
    ASSERT_TRUE(wait_until([&] { return taken().size() == 2'000; }));
    std::vector<json> expected(2'000);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(taken(), expected);
}

TEST_F(RpcServer, ReadsNoFurtherWhileTooManyNotificationsAreQueued) {
    methods = Dispatcher({.max_queued_notifications = 3});
    methods.bind("wait", [this](json) { released.wait(); });
    methods.bind("quick", [] { return 1; }, {}, {.run = Run::immediately});
    RawPeer client = new_raw_client();
    for (int i = 0; i < 4; ++i) send(client, request("wait", {i}));  // one runs, three wait
    send(client, request("quick", nullptr, 1));
    EXPECT_EQ(receive(client), result(1, 1));
    send(client, request("wait", {4}));
    send(client, request("quick", nullptr, 2));
    EXPECT_FALSE(client.readable(50ms));
    released.set();
    EXPECT_EQ(receive(client), result(1, 2));
}

TEST_F(RpcServer, AnswersNothingToNotifications) {
    RawPeer client = new_raw_client();
    send(client, request("note", {1}));
    send(client, request("nothing"));
    send(client, request("note", {{"wrong", 1}}));
    send(client, json::array({request("note", {2}), request("nothing")}));
    send(client, request("echo", {1}, 1));
    EXPECT_EQ(receive(client), result(1, 1));
    EXPECT_TRUE(wait_until([&] { return taken() == std::vector<json>{1, 2}; }));
}

TEST_F(RpcServer, AnswersABatchInItsOrderHoweverItsMethodsRun) {
    methods.bind("ordered", [](int i) { return i; }, {}, {.run = Run::in_order});
    RawPeer client = new_raw_client();
    send(client,
         json::array({request("echo", {0}, 0), request("quick", {1}, 1), request("note", {9}),
                      request("ordered", {2}, 2), 1, request("echo", {3}, 3)}));
    const json replies = receive(client);
    ASSERT_EQ(replies.size(), 5U);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(replies[std::size_t(i)], result(i, i));
    EXPECT_EQ(code_of(replies[3], nullptr), invalid_request);
    EXPECT_EQ(replies[4], result(3, 3));
    EXPECT_EQ(taken(), std::vector<json>{9});
}

TEST_F(RpcServer, TakesABatchOfAThousandAndNotOneMore) {
    RawPeer client = new_raw_client();
    json batch = json::array();
    for (int i = 0; i < 1'000; ++i) batch.push_back(request("echo", {i}, i));
    send(client, batch);
    const json replies = receive(client);
    ASSERT_EQ(replies.size(), 1'000U);
    for (std::size_t i = 0; i < 1'000; ++i) ASSERT_EQ(replies[i], result(i, i));
    batch.push_back(request("echo", {1}, "x"));
    send(client, batch);
    const json refusal = receive(client);
    EXPECT_EQ(code_of(refusal, nullptr), invalid_request);
    EXPECT_EQ(refusal.at("error").at("data").at("limit"), 1'000);
}

TEST_F(RpcServer, AnswersEachCallOfABatchWhoseRepliesAreTogetherTooBig) {
    for (int i = 0; i < 50; ++i) {
        methods.bind("method" + std::to_string(i), [] {}, {},
                     {.description = std::string(500, 'd')});
    }
    RawPeer client = RawPeer::connect(server().port());
    std::string batch = "[";
    for (int id = 0; id < 1'000; ++id) {
        batch += (id > 0 ? "," : "") +
                 std::string(R"({"jsonrpc":"2.0","method":"rpc.discover","id":)") +
                 std::to_string(id) + '}';
    }
    client.send(prefix_frame(batch + ']'));
    const std::string text = client.receive_prefix_frame();
    EXPECT_LE(text.size(), options.limits.max_message_size);
    const json replies = json::parse(text);
    ASSERT_EQ(replies.size(), 1'000U);
    std::size_t results = 0;
    for (std::size_t id = 0; id < replies.size(); ++id) {
        EXPECT_EQ(replies[id].at("id"), id);
        results += replies[id].contains("result") ? 1 : 0;
    }
    EXPECT_GT(results, 100U);
    EXPECT_LT(results, 1'000U);
}

/// Of this process.
std::size_t thread_count() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        std::size_t count = 0;
        if (std::sscanf(line.c_str(), "Threads: %zu", &count) == 1) return count;
    }
    return 0;
}

TEST_F(RpcServer, ServesOthersWhileGreedyClientsWait) {
    options.max_call_threads = 16;
    const std::size_t before = thread_count();
    std::vector<RawPeer> greedy;
    for (int i = 0; i < 10; ++i) {
        greedy.push_back(new_raw_client());
        for (int id = 0; id < 64; ++id) send(greedy.back(), request("wait", nullptr, id));
    }
    RawPeer honest = new_raw_client();
    for (int id = 0; id < 10; ++id) {
        send(honest, request("echo", {id}, id));
        EXPECT_EQ(receive(honest), result(id, id));
    }
    // One that accepts, two for each connection, the shared ones, and one that sends on. Others
    // that found no call any more leave after a moment.
    EXPECT_TRUE(wait_until([&] { return thread_count() <= before + 1 + 2 * 11 + 16 + 1; }));
    released.set();
    for (RawPeer& client : greedy) {
        for (int i = 0; i < 64; ++i) EXPECT_TRUE(receive(client).contains("result"));
    }
}

TEST_F(RpcServer, AnswersAllCallsWithOneThreadForAll) {
    options.max_call_threads = 1;
    std::vector<RawPeer> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(new_raw_client());
        for (int id = 0; id < 20; ++id) send(clients.back(), request("echo", {id}, id));
    }
    for (RawPeer& client : clients) {
        for (int id = 0; id < 20; ++id) EXPECT_TRUE(receive(client).contains("result"));
    }
}

TEST_F(RpcServer, NeedsStacksForItsDeepestMessages) {
    options.limits.max_depth = 1'000;
    options.stack_size = 4 * 1024 * 1024;
    EXPECT_THROW(server(), UsageError);
    EXPECT_THROW(Client({.limits = options.limits}), UsageError);
    methods = Dispatcher({.stack_size = 64 * 1024 + 1'000 * 2 * 1024});
    methods.bind("echo", [](json value) { return value; });
    Client client = new_client();
    json deep = 1;
    for (int i = 0; i < 100; ++i) deep = json::array({std::move(deep)});
    EXPECT_EQ(client.call("echo", json::array({deep})), deep);
}

TEST_F(RpcServer, NamesOfMethodsHaveAtMost256Bytes) {
    RawPeer client = new_raw_client();
    send(client, request(std::string(256, 'm'), nullptr, 1));
    EXPECT_EQ(code_of(receive(client), 1), method_not_found);
    send(client, request(std::string(257, 'm'), nullptr, 2));
    EXPECT_EQ(code_of(receive(client), 2), invalid_request);
}

/// The naughty strings among them.
TEST_F(RpcServer, AnyNameOfAMethodThatIsNotThereIsNotFound) {
    std::ifstream file(JSOCKET_TEST_DATA "/big-list-of-naughty-strings/blns.json");
    std::vector<json> names = json::parse(file);
    for (const char* name : {"rpc.", "rpc.nothing", "rpc.cancel ", "RPC.DISCOVER"}) {
        names.emplace_back(name);
    }
    names.emplace_back(std::string("a\0b", 3));
    RawPeer client = new_raw_client();
    std::size_t short_names = 0;
    for (const json& name : names) {
        const bool too_long = name.get_ref<const std::string&>().size() > 256;
        send(client, request(name.get<std::string>(), nullptr, 1));
        EXPECT_EQ(code_of(receive(client), 1), too_long ? invalid_request : method_not_found);
        short_names += too_long ? 0 : 1;
    }
    // Security: nobody makes the statistics grow by calling what is not there.
    const MethodStatsMap stats = server().method_stats();
    EXPECT_EQ(stats.at("").calls, short_names);
    EXPECT_EQ(stats.size(), 5U);
}

TEST_F(RpcServer, SurvivesMethodsThatThrow) {
    methods.bind("throw", [] { throw std::runtime_error("a secret"); });
    methods.bind("throw int", [] { throw 1; }, {}, {.run = Run::immediately});
    RawPeer client = new_raw_client();
    for (const char* method : {"throw", "throw int"}) {
        send(client, request(method, nullptr, 1));
        EXPECT_EQ(receive(client),
                  (json{{"jsonrpc", "2.0"},
                        {"error", {{"code", -32603}, {"message", "Internal error"}}},
                        {"id", 1}}));
        send(client, request(method));  // nobody is told
    }
    send(client, request("echo", {1}, 1));
    EXPECT_EQ(receive(client), result(1, 1));
}

TEST_F(RpcServer, SaysThatAResultCannotBeSent) {
    options.limits.max_message_size = 10'000;
    const auto big = [] { return std::string(10'000, 'x'); };
    const auto no_number = [] { return std::nan(""); };
    methods.bind("big", big);
    methods.bind("quick big", big, {}, {.run = Run::immediately});
    methods.bind("nan", no_number);
    methods.bind("quick nan", no_number, {}, {.run = Run::immediately});
    RawPeer client = new_raw_client();
    for (const char* method : {"big", "quick big", "nan", "quick nan"}) {
        send(client, request(method, nullptr, method));
        EXPECT_EQ(code_of(receive(client), method), internal_error);
        send(client, json::array({request(method, nullptr, 1), request("quick", {1}, 2)}));
        const json replies = receive(client);
        EXPECT_EQ(code_of(replies.at(0), 1), internal_error);
        EXPECT_EQ(replies.at(1).at("id"), 2);
    }
    EXPECT_EQ(server().client_stats().connected_clients, 1U);
}

TEST_F(RpcServer, AnswersThoughAnIdIsTooBigToBeRepeated) {
    options.limits.max_message_size = 10'000;
    RawPeer client = new_raw_client();
    // The request is within the limit, and the error object with its id is beyond it.
    send(client, request("nothing", {1}, std::string(9'930, 'x')));
    const json reply = receive(client);
    ASSERT_TRUE(reply.at("id").is_null());
    EXPECT_EQ(code_of(reply, nullptr), internal_error);
}

TEST_F(RpcServer, SendsQuickRepliesBeforeItWaitsForRoomInItsQueue) {
    methods = Dispatcher({.max_queued_notifications = 1});
    methods.bind("quick", [] { return 1; }, {}, {.run = Run::immediately});
    methods.bind("wait", [this] { released.wait(); });
    RawPeer client = new_raw_client();
    std::string all = prefix_frame(request("quick", nullptr, 1).dump());
    for (int i = 0; i < 4; ++i) all += prefix_frame(request("wait").dump());
    client.send(all);
    EXPECT_EQ(receive(client), result(1, 1));  // while nothing is released
}

TEST_F(RpcServer, CountsRepliesFromWhateverThread) {
    RawPeer client = new_raw_client();
    send(client, request("echo", {1}, 1));
    std::size_t size = receive(client).dump().size();
    send(client, request("quick", {1}, 1));
    size += receive(client).dump().size();
    send(client, request("note", {1}));
    ASSERT_TRUE(wait_until([&] { return !taken().empty(); }));
    const auto stats = server().client_stats().clients.begin()->second;
    EXPECT_EQ(stats.messages_in, 3U);
    EXPECT_EQ(stats.messages_out, 2U);
    EXPECT_EQ(stats.bytes_out, size);
}

TEST_F(RpcServer, CountsByMethod) {
    const Client client = new_client();
    client.call("echo", {1});
    client.call("quick", {1});
    client.call("quick", {1});
    EXPECT_THROW(client.call("quick"), RpcError);
    EXPECT_THROW(client.call("nothing"), RpcError);
    auto waits = client.async_call("wait");
    ASSERT_TRUE(wait_until([&] { return server().method_stats().at("wait").in_flight == 1; }));
    const MethodStatsMap stats = server().method_stats();
    EXPECT_EQ(stats.at("echo").calls, 1U);
    EXPECT_EQ(stats.at("quick").calls, 3U);
    EXPECT_EQ(stats.at("quick").errors, 1U);
    EXPECT_EQ(stats.at("quick").latency.count, 3U);
    EXPECT_EQ(stats.at("").errors, 1U);
    EXPECT_EQ(stats.at("note").calls, 0U);
    released.set();
    waits.get();
}

TEST_F(RpcServer, TellsItsStatisticsIfItMay) {
    options.answer_stats = true;
    const Client client = new_client();
    client.call("quick", {1});
    const json stats = client.call("rpc.stats");
    EXPECT_EQ(stats.at("methods").at("quick").at("calls"), 1);
    EXPECT_EQ(stats.at("methods").at("quick").at("latency").at("buckets").at(0).at(1), 1);
    EXPECT_EQ(stats.at("methods").at("echo").at("calls"), 0);
    EXPECT_EQ(stats.at("endpoint"), server().endpoint());
}

TEST_F(RpcServer, KeepsItsStatisticsToItself) {
    RawPeer client = new_raw_client();
    send(client, request("rpc.stats", nullptr, 1));
    EXPECT_EQ(code_of(receive(client), 1), method_not_found);
}

TEST_F(RpcServer, NotifiesClients) {
    RawPeer first = new_raw_client();
    send(first, request("echo", {1}, 1));
    receive(first);
    const SessionId id = server().sessions().at(0);
    RawPeer second = new_raw_client();
    send(second, request("echo", {1}, 1));
    receive(second);
    server().notify(id, "news", {1});
    EXPECT_EQ(server().notify_all("news", {2}), 2U);
    EXPECT_EQ(receive(first), request("news", {1}));
    EXPECT_EQ(receive(first), request("news", {2}));
    EXPECT_EQ(receive(second), request("news", {2}));
    EXPECT_THROW(server().notify(99, "news"), UsageError);
    EXPECT_THROW(server().notify_all("news", 5), UsageError);
}

}  // namespace
}  // namespace jsocket::rpc
