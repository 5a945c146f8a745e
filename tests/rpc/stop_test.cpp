// SPDX-License-Identifier: Apache-2.0
// What ends a call before its time: cancellation, time-outs, clients that leave, servers that stop.
#include "rpc/rpc_fixture.hpp"
#include "support/waiting.hpp"

#include <atomic>
#include <future>

namespace jsocket::rpc {
namespace {

using test_support::Stopwatch;

class RpcStop : public RpcTest {
  protected:
    RpcStop() { add_methods(); }
    ~RpcStop() override {
        released.set();
        stop_server();
    }

    void add_methods() {
        methods.bind("wait", [this](std::stop_token stop) {
            begun.set();
            const bool was_stopped = released.wait_or_stop(stop);
            if (was_stopped) stopped.set();
            return was_stopped ? "stopped" : "released";
        });
        methods.bind("in order",
                     [this](std::stop_token stop) {
                         begun.set();
                         released.wait_or_stop(stop);
                     },
                     {}, {.run = Run::in_order});
        methods.bind("echo", [](int n) { return n; });
        methods.bind("deaf", [this] {
            begun.set();
            released.wait();
            return "done";
        });
    }

    Event begun;
    Event released;
    Event stopped;
};

TEST_F(RpcStop, ACancelledCallIsToldToStopAndStillAnswers) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, "a"));
    ASSERT_TRUE(begun.wait());
    send(client, request("rpc.cancel", {{"id", "a"}}));
    EXPECT_EQ(receive(client), result("stopped", "a"));
}

TEST_F(RpcStop, CancellingWhatIsNotThereChangesNothing) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    for (const json& params : {json(), json::array(), json::array({1}), json{{"id", "1"}},
                               json{{"id", 2}}, json{{"other", 1}}, json{{"id", nullptr}}}) {
        send(client, request("rpc.cancel", params));
    }
    send(client, request("echo", {5}, 2));
    EXPECT_EQ(receive(client), result(5, 2));
    released.set();
    EXPECT_EQ(receive(client), result("released", 1));
}

TEST_F(RpcStop, ACallThatHasNotBegunIsNotRun) {
    RawPeer client = new_raw_client();
    send(client, request("in order", nullptr, 1));
    ASSERT_TRUE(begun.wait());
    send(client, request("in order", nullptr, 2));
    send(client, request("rpc.cancel", {{"id", 2}}));
    send(client, request("rpc.cancel", {{"id", 1}}));
    EXPECT_EQ(receive(client), result(nullptr, 1));
    EXPECT_EQ(code_of(receive(client), 2), cancelled);
    send(client, request("echo", {5}, 2));
    EXPECT_EQ(receive(client), result(5, 2));
}

TEST_F(RpcStop, CancellationIsAlsoACall) {
    RawPeer client = new_raw_client();
    send(client, request("rpc.cancel", {{"id", 9}}, 1));
    EXPECT_EQ(receive(client), result(nullptr, 1));
}

TEST_F(RpcStop, ACallOfABatchCanBeCancelled) {
    RawPeer client = new_raw_client();
    send(client, json::array({request("wait", nullptr, 1), request("echo", {2}, 2)}));
    ASSERT_TRUE(begun.wait());
    send(client, request("rpc.cancel", {{"id", 1}}));
    EXPECT_EQ(receive(client), json::array({result("stopped", 1), result(2, 2)}));
}

TEST_F(RpcStop, ACallThatTakesTooLongIsToldToStop) {
    methods = Dispatcher({.call_timeout = 20ms});
    add_methods();
    EXPECT_EQ(new_client().call("wait"), json("stopped"));
    const Client client = new_client();
    EXPECT_EQ(client.call<int>("echo", {1}), 1);
}

TEST_F(RpcStop, AClientThatLeavesStopsItsCalls) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    ASSERT_TRUE(begun.wait());
    client.close();
    EXPECT_TRUE(stopped.wait());
}

TEST_F(RpcStop, AClientThatResetsStopsItsCalls) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    ASSERT_TRUE(begun.wait());
    client.reset();
    EXPECT_TRUE(stopped.wait());
}

TEST_F(RpcStop, AClientThatBreaksTheProtocolStopsItsCallsAndHasTheirReplies) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    ASSERT_TRUE(begun.wait());
    client.send(std::string("\x10\0\0\1", 4));
    EXPECT_TRUE(stopped.wait());
    EXPECT_EQ(receive(client), result("stopped", 1));
    EXPECT_EQ(client.receive_until_end(), "");
}

TEST_F(RpcStop, AClientThatOnlyFinishesSendingHasItsReplies) {
    RawPeer client = new_raw_client();
    for (int i = 0; i < 10; ++i) send(client, request("echo", {i}, i));
    send(client, request("deaf", nullptr, "last"));
    client.finish_writing();
    ASSERT_TRUE(begun.wait());
    released.set();
    for (int i = 0; i < 11; ++i) EXPECT_TRUE(receive(client).contains("result"));
    EXPECT_EQ(client.receive_until_end(), "");
}

TEST_F(RpcStop, AServerThatStopsLetsCallsEndAndSendsTheirReplies) {
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    ASSERT_TRUE(begun.wait());
    server().stop();
    ASSERT_TRUE(server().running());
    released.set();
    EXPECT_EQ(receive(client), result("released", 1));
    EXPECT_EQ(client.receive_until_end(), "");
    server().join();
}

TEST_F(RpcStop, AServerThatStopsTellsCallsSoAfterAWhile) {
    methods = Dispatcher({.drain_timeout = 50ms});
    add_methods();
    RawPeer client = new_raw_client();
    send(client, request("wait", nullptr, 1));
    ASSERT_TRUE(begun.wait());
    const Stopwatch watch;
    server().stop();
    EXPECT_EQ(receive(client), result("stopped", 1));
    EXPECT_GE(watch.elapsed(), 50ms);
    server().join();
}

TEST_F(RpcStop, NotificationsThatComeToNothingEndTheirConnection) {
    methods = Dispatcher({.max_queued_notifications = 2, .queue_timeout = 20ms});
    add_methods();
    RawPeer client = new_raw_client();
    for (int i = 0; i < 10; ++i) send(client, request("wait"));
    EXPECT_TRUE(stopped.wait());  // though nobody has told it to, and the client is still there
    EXPECT_EQ(client.receive_until_end(), "");
    EXPECT_TRUE(wait_until([&] { return server().active() == 0; }));
}

TEST_F(RpcStop, AServerThatStopsLeavesOutWhatHasNotBegunInTime) {
    methods = Dispatcher({.drain_timeout = 30ms});
    add_methods();
    std::atomic<int> begun_late{0};
    methods.bind("late", [&] { ++begun_late; });
    RawPeer client = new_raw_client();
    send(client, request("wait"));
    for (int i = 0; i < 5; ++i) send(client, request("late"));
    send(client, request("echo", {1}, 1));
    EXPECT_EQ(receive(client), result(1, 1));  // all have been read
    ASSERT_TRUE(begun.wait());
    server().stop();
    server().join();
    EXPECT_TRUE(stopped.wait());
    EXPECT_EQ(begun_late, 0);
}

TEST_F(RpcStop, AServerThatStopsDoesNotWaitForRoomInItsQueue) {
    methods = Dispatcher({.max_queued_notifications = 1, .drain_timeout = 30ms});
    add_methods();
    RawPeer client = new_raw_client();
    for (int i = 0; i < 4; ++i) send(client, request("wait"));
    ASSERT_TRUE(begun.wait());
    const Stopwatch watch;
    server().stop();
    server().join();
    EXPECT_LT(watch.elapsed(), patience);
}

TEST_F(RpcStop, AServerThatStopsDoesNotWaitForAClientThatDoesNotRead) {
    options.max_call_threads = 1;
    methods = Dispatcher({.max_bytes_in_flight = 1'000'000, .drain_timeout = 10 * patience});
    add_methods();
    std::atomic<int> calls{0};
    methods.bind("big", [&] {
        ++calls;
        return std::string(8'000'000, 'x');
    });
    RawPeer client = new_raw_client();
    send(client, request("deaf", nullptr, 0));
    ASSERT_TRUE(begun.wait());
    for (int i = 1; i <= 20; ++i) send(client, request("big", nullptr, i));
    ASSERT_TRUE(wait_until([&] { return calls > 0; }));
    released.set();
    const Stopwatch watch;
    server().stop();
    server().join();
    EXPECT_LT(watch.elapsed(), patience);
}

TEST_F(RpcStop, ALateResultOfACancelledCallHurtsNobody) {
    const Client client = new_client();
    EXPECT_THROW(client.call("deaf", nullptr, {.timeout = 10ms}), TimeoutError);
    EXPECT_EQ(client.call<int>("echo", {1}), 1);
    released.set();
    EXPECT_TRUE(wait_until([&] { return client.stray_replies() == 1; }));
    EXPECT_EQ(client.call<int>("echo", {2}), 2);
}

TEST_F(RpcStop, ClientsThatComeAndGoInTheMiddleOfCallsLeaveNothing) {
    for (int round = 0; round < 50; ++round) {
        RawPeer client = new_raw_client();
        for (int i = 0; i < 5; ++i) send(client, request("wait", nullptr, i));
        if (round % 2 == 0) client.reset();
    }
    EXPECT_TRUE(wait_until([&] { return server().active() == 0; }));
    EXPECT_EQ(server().method_stats().at("wait").in_flight, 0U);
}

}  // namespace
}  // namespace jsocket::rpc
