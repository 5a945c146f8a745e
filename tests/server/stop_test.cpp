// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

// "At once", on a machine that may be busy; each wait that stop() interrupts is far longer.
constexpr milliseconds at_once = std::chrono::seconds(3);

const ServerOptions patient{.accept_timeout = std::chrono::seconds(10),
                            .recv_timeout = jsocket::no_timeout,
                            .message_deadline = jsocket::no_timeout};

template <typename Server>
milliseconds time_to_stop(Server& server) {
    const Stopwatch stopwatch;
    server.stop();
    server.join();
    return stopwatch.elapsed();
}

template <typename Kind>
class Stop : public testing::Test {
  public:
    using Server = typename Kind::Server;
    using Handler = typename Kind::Handler;
};
TYPED_TEST_SUITE(Stop, BothKinds, KindNames);

TYPED_TEST(Stop, EndsTheWaitForAClient) {
    typename TestFixture::Server server(patient);
    server.start();
    EXPECT_LT(time_to_stop(server), at_once);
}

TYPED_TEST(Stop, DisconnectsAnIdleClient) {
    Running<typename TestFixture::Server> server(patient);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1"));
    EXPECT_EQ(client.receive_prefix_frame(), "1");
    EXPECT_LT(time_to_stop(server), at_once);
    EXPECT_EQ(client.receive_until_end(), "");
    EXPECT_EQ(server.client_stats().connected_clients, 0u);
    EXPECT_EQ(failures(server.client_stats()), 0u) << "to be stopped is no failure of a client";
}

TYPED_TEST(Stop, DisconnectsAClientStuckWithinAMessage) {
    Running<typename TestFixture::Server> server(patient);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1"));
    EXPECT_EQ(client.receive_prefix_frame(), "1");
    client.send(prefix_frame("[1,2,3]").substr(0, 6));
    EXPECT_LT(time_to_stop(server), at_once);
    EXPECT_TRUE(client.closed_by_peer());
    EXPECT_EQ(failures(server.client_stats()), 0u) << "to be stopped is no failure of a client";
}

TYPED_TEST(Stop, LetsTheMessageInHandBeAnswered) {
    Gate entered;
    Gate leave;
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [&](auto&, json&) -> std::optional<json> {
        entered.open();
        leave.wait();
        return "finished";
    };
    Running<typename TestFixture::Server> server(patient, hooks);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1"));
    entered.wait();
    server.stop();
    leave.open();
    server.join();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("\"finished\""));
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(Stop, LosesNoReplyToAClientThatHasSentMore) {
    Gate entered;
    Gate leave;
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [&](auto&, json&) -> std::optional<json> {
        entered.open();
        leave.wait();
        return "finished";
    };
    Running<typename TestFixture::Server> server(patient, hooks);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1"));
    entered.wait();
    for (int i = 0; i < 1000; ++i) client.send(prefix_frame("\"" + std::string(100, 'x') + "\""));
    server.stop();
    leave.open();
    server.join();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("\"finished\"")) << "and no reset";
}

TYPED_TEST(Stop, InAHookLetsItsReplyBeSent) {
    std::unique_ptr<Running<typename TestFixture::Server>> server;
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [&](auto&, json&) -> std::optional<json> {
        server->stop();
        server->stop();
        return "stopping";
    };
    server = std::make_unique<Running<typename TestFixture::Server>>(patient, hooks);
    RawPeer client = RawPeer::connect(server->port());
    client.send(prefix_frame("1"));
    EXPECT_EQ(client.receive_until_end(), prefix_frame("\"stopping\""));
    server->join();
    EXPECT_FALSE(server->running());
}

TYPED_TEST(Stop, WorksInEveryHook) {
    for (const std::string where : {"connect", "disconnect", "error"}) {
        SCOPED_TRACE(where);
        std::unique_ptr<Running<typename TestFixture::Server>> server;
        Gate ready;
        const auto stop_in = [&](const std::string& hook) {
            ready.wait();
            if (hook == where) server->stop();
        };
        Hooks<typename TestFixture::Handler> hooks;
        hooks.connect = [&](auto&) { stop_in("connect"); };
        hooks.disconnect = [&](auto&) { stop_in("disconnect"); };
        hooks.error = [&](auto&, const std::exception&) { stop_in("error"); };
        server = std::make_unique<Running<typename TestFixture::Server>>(patient, hooks);
        ready.open();
        RawPeer client = RawPeer::connect(server->port());
        if (where == "error") client.send(prefix_frame("no JSON"));
        if (where == "disconnect") client.close();
        EXPECT_TRUE(wait_until([&] { return !server->running(); }));
        server->join();
    }
}

TYPED_TEST(Stop, MayBeCalledFromManyThreadsAtOnce) {
    for (int i = 0; i < 20; ++i) {
        typename TestFixture::Server server(patient);
        server.start();
        const jsocket::JsonClient client = connected_client(server.port());
        std::vector<std::thread> threads;
        for (int j = 0; j < 4; ++j) {
            threads.emplace_back([&] {
                server.stop();
                server.join();
                EXPECT_FALSE(server.running());
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
}

TYPED_TEST(Stop, LosesNoRaceAgainstClientsThatArrive) {
    ServerOptions options = patient;
    options.address = own_address();
    for (int i = 0; i < 100; ++i) {
        auto server = std::make_unique<Running<typename TestFixture::Server>>(options);
        std::atomic<bool> arriving{false};
        std::thread visitor([&, port = server->port()] {
            std::vector<RawPeer> clients;
            try {
                for (int j = 0; j < 50; ++j) {
                    clients.push_back(RawPeer::connect(Address::own(port)));
                    clients.back().send(prefix_frame("1"));
                    arriving = true;
                }
            } catch (const std::exception&) {
                arriving = true;  // the server has gone
            }
        });
        ASSERT_TRUE(wait_until([&] { return arriving.load(); }));
        EXPECT_LT(time_to_stop(*server), at_once);
        server.reset();
        visitor.join();
    }
}

TYPED_TEST(Stop, ClosesConnectionsThatWaitToBeAccepted) {
    typename TestFixture::Server server(patient);
    RawPeer client = RawPeer::connect(server.port());
    server.stop();
    server.join();
    EXPECT_TRUE(client.closed_by_peer());
}

milliseconds time_to_stop_with_clients(int count, const std::string& bytes) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server(patient);
    std::vector<RawPeer> clients;
    for (int i = 0; i < count; ++i) {
        clients.push_back(RawPeer::connect(server.port()));
        clients.back().send(prefix_frame("1"));
        EXPECT_EQ(clients.back().receive_prefix_frame(), "1");
        clients.back().send(bytes);
    }
    const milliseconds taken = time_to_stop(server);
    EXPECT_EQ(server.active(), 0u);
    for (RawPeer& client : clients) EXPECT_TRUE(client.closed_by_peer());
    return taken;
}

TEST(ServerFactory, StopsWithin100MillisecondsWith100IdleClients) {
    EXPECT_TRUE(once_within(milliseconds(100), [] { return time_to_stop_with_clients(100, ""); }));
}

TEST(ServerFactory, StopsWithin100MillisecondsWith100ClientsStuckWithinAMessage) {
    EXPECT_TRUE(once_within(milliseconds(100),
                            [] { return time_to_stop_with_clients(100, big_endian(1000)); }));
}

TYPED_TEST(Stop, EndsASendToAClientThatDoesNotRead) {
    Running<typename TestFixture::Server> server(ServerOptions{.send_timeout = jsocket::no_timeout},
                                                 big_replies<typename TestFixture::Handler>());
    RawPeer client = RawPeer::connect(Address::ipv4(server.port()), 4096);
    client.send(prefix_frame("0"));
    ASSERT_TRUE(client.readable(patience)) << "the reply has begun";
    EXPECT_LT(time_to_stop(server), at_once);
}

}  // namespace
