// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"
#include "support/descriptors.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::Running;
using jsocket::ServerOptions;

/// The ways a client can leave, from the politest to the rudest, at the worst moments.
void leave(RawPeer client, Framing framing, int way) {
    const std::string message = frame(framing, "[\"" + std::string(300, 'x') + "\"]");
    switch (way) {
        case 0:
            break;
        case 1:
            client.reset();
            break;
        case 2:
            client.send(message.substr(0, 2));
            break;
        case 3:
            client.send(message.substr(0, 2));
            client.reset();
            break;
        case 4:
            client.send(message);
            break;  // before it has read the reply
        case 5:
            client.send(message);
            client.reset();
            break;
        case 6:
            for (int i = 0; i < 20; ++i) client.send(message);
            client.receive(100);
            client.reset();
            break;
        case 7:
            client.send(frame(framing, "\"throw\""));
            client.reset();
            break;
        default:
            client.send(frame(framing, "{]"));
            client.reset();
    }
}
constexpr int ways = 9;

template <typename Kind>
class LeavingClient : public testing::Test {};
TYPED_TEST_SUITE(LeavingClient, BothKinds, KindNames);

TYPED_TEST(LeavingClient, LeavesNothingBehindHoweverItLeaves) {
    Hooks<typename TypeParam::Handler> hooks;
    hooks.message = [](auto&, json& message) -> std::optional<json> {
        if (message == "throw") throw std::runtime_error("hook");
        return message;
    };
    hooks.disconnect = [](auto& handler) {
        try {
            handler.send_obj("farewell");
        } catch (const jsocket::Error&) {  // it may have gone already
        }
    };
    Running<typename TypeParam::Server> server(ServerOptions{}, hooks);
    const std::size_t before = open_descriptors().size();
    constexpr int rounds = 20;
    for (int i = 0; i < rounds * ways; ++i) {
        leave(RawPeer::connect(server.port()), all_formats[i % 3], i % ways);
    }
    EXPECT_EQ(connected_client(server.port()).request("alive"), "alive");
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    std::uint64_t connects = 0;
    for (const auto& [name, client] : server.client_stats().clients) {
        connects += client.connects;
        EXPECT_EQ(client.disconnects, client.connects) << name;
    }
    EXPECT_LE(connects, rounds * ways + 1u) << "a connection may be gone before it is accepted";
    EXPECT_TRUE(wait_until([&] { return open_descriptors().size() == before; }));
}

TEST(LeavingClients, DoNotDisturbTheOneThatStays) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server;
    jsocket::JsonClient stays = connected_client(server.port());
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 10 * ways; ++i) {
                leave(RawPeer::connect(server.port()), all_formats[thread], i % ways);
            }
        });
    }
    for (int i = 0; i < 500; ++i) ASSERT_EQ(stays.request(i), i);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(stays.request("last"), "last");
    EXPECT_TRUE(wait_until([&] { return server.active() == 1; }));
}

}  // namespace
