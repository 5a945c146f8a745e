// SPDX-License-Identifier: Apache-2.0
// Calls from the server to its client, on the connection on which the client calls.
#include "rpc/rpc_fixture.hpp"
#include "support/descriptors.hpp"
#include "support/error_of.hpp"

#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

namespace jsocket::rpc {
namespace {

using test_support::error_of;

class RpcBothWays : public RpcTest {
  protected:
    RpcBothWays() {
        methods.bind("ask", [](Call& call, const std::string& method, json params) {
            return call.peer().call(method, std::move(params), {.timeout = patience});
        });
        methods.bind("tell", [](Call& call, int count) {
            for (int i = 0; i < count; ++i) call.peer().notify("told", {i});
        });
        methods.bind("subscribe", [this](Call& call) {
            const std::scoped_lock lock(mutex);
            subscribers.push_back(call.peer());
        });
        offered.bind("double", [](int n) { return 2 * n; }, {"n"});
        offered.bind("told", [this](int n) {
            const std::scoped_lock lock(mutex);
            told.push_back(n);
        });
        offered.bind("countdown", [](Call& call, int n) -> int {
            if (n == 0) return 0;
            return 1 + call.peer().call<int>("countdown", {n - 1});
        });
    }
    ~RpcBothWays() override { stop_server(); }

    std::size_t told_count() {
        const std::scoped_lock lock(mutex);
        return told.size();
    }

    Dispatcher offered;
    std::mutex mutex;
    std::vector<int> told;
    std::vector<Peer> subscribers;
};

TEST_F(RpcBothWays, AMethodCallsItsCaller) {
    const Client client = new_client(offered);
    EXPECT_EQ(client.call<int>("ask", json::array({"double", json::array({21})})), 42);
}

TEST_F(RpcBothWays, ErrorsComeThrough) {
    const Client client = new_client(offered);
    const auto error = error_of<RpcError>([&] {
        client.call("ask", json::array({"double", json::array({"x"})}));
    });
    EXPECT_EQ(error->code(), invalid_params);
    EXPECT_EQ(error->data().at("parameter"), "n");
}

TEST_F(RpcBothWays, CallsNestWithinEachOther) {
    methods.bind("countdown", [](Call& call, int n) -> int {
        if (n == 0) return 0;
        return 1 + call.peer().call<int>("countdown", {n - 1});
    });
    const Client client = new_client(offered);
    EXPECT_EQ(client.call<int>("countdown", {20}), 20);
}

TEST_F(RpcBothWays, NotificationsArriveInTheirOrder) {
    const Client client = new_client(offered);
    client.call("tell", {500});
    ASSERT_TRUE(wait_until([&] { return told_count() == 500; }));
    for (int i = 0; i < 500; ++i) EXPECT_EQ(told[std::size_t(i)], i);
}

TEST_F(RpcBothWays, APeerMayBeKeptAndUsedLater) {
    std::optional<Client> client = new_client(offered);
    client->call("subscribe");
    const Peer subscriber = subscribers.at(0);
    EXPECT_TRUE(subscriber.connected());
    EXPECT_EQ(subscriber.session_id(), server().sessions().at(0));
    EXPECT_EQ(subscriber.address().find("127.0.0.1:"), 0U);
    EXPECT_EQ(subscriber.call<int>("double", {4}), 8);
    subscriber.notify("told", {1});
    ASSERT_TRUE(wait_until([&] { return told_count() == 1; }));
    client.reset();
    ASSERT_TRUE(wait_until([&] { return !subscriber.connected(); }));
    EXPECT_THROW(subscriber.notify("told", {1}), ConnectionClosed);
    EXPECT_THROW(subscriber.call("double", {1}), ConnectionClosed);
}

TEST_F(RpcBothWays, APeerThatIsKeptHoldsNoDescriptor) {
    new_client(offered).call("subscribe");
    ASSERT_TRUE(wait_until([&] { return server().active() == 0; }));
    const std::size_t before = test_support::open_descriptors().size();
    for (int i = 0; i < 10; ++i) new_client(offered).call("subscribe");
    EXPECT_EQ(subscribers.size(), 11U);
    EXPECT_TRUE(wait_until([&] { return test_support::open_descriptors().size() <= before; }));
}

TEST_F(RpcBothWays, AMethodThatWaitsForItsCallerEndsWhenThatIsGone) {
    Event asked;
    offered.bind("never", [&](std::stop_token stop) {
        asked.set();
        Event().wait_or_stop(stop);
    });
    std::promise<void> failed;
    methods.bind("ask never", [&](Call& call) {
        try {
            call.peer().call("never", nullptr, {.timeout = no_timeout});
        } catch (const ConnectionClosed&) {
            failed.set_value();
        }
    });
    {
        Client client = new_client(offered);
        auto result = client.async_call("ask never");
        ASSERT_TRUE(asked.wait());
        client.close();
        EXPECT_THROW(result.get(), ConnectionClosed);
    }
    EXPECT_EQ(failed.get_future().wait_for(patience), std::future_status::ready);
}

TEST_F(RpcBothWays, WhatReadsTheConnectionMayNotWaitForIt) {
    methods.bind("hasty", [](Call& call) { call.peer().call("double", {1}); }, {},
                 {.run = Run::immediately});
    methods.bind("patient", [](Call& call) { call.peer().async_call("double", {1}); }, {},
                 {.run = Run::immediately});
    const Client client = new_client(offered);
    EXPECT_EQ(error_of<RpcError>([&] { client.call("hasty"); })->code(), internal_error);
    client.call("patient");
}

TEST_F(RpcBothWays, AReplyThatCannotBeReadEndsTheCallOfTheServer) {
    RawPeer client = new_raw_client();
    for (const std::size_t which : {0U, 1U}) {
        send(client, request("ask", json::array({"double", json::array({1})}), "a"));
        const json id = receive(client).at("id");
        client.send(prefix_frame(unreadable_results(id)[which]));
        EXPECT_EQ(code_of(receive(client), "a"), internal_error);
    }
}

TEST_F(RpcBothWays, EveryClientIsAskedByItself) {
    std::vector<Client> clients;
    for (int i = 0; i < 5; ++i) {
        Dispatcher own;
        own.bind("who", [i] { return i; });
        clients.push_back(new_client(own));
    }
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(clients[std::size_t(i)].call<int>("ask", json::array({"who", json::array()})), i);
    }
}

}  // namespace
}  // namespace jsocket::rpc
