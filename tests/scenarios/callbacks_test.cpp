// SPDX-License-Identifier: Apache-2.0
#include "scenarios/rounds.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <future>
#include <map>
#include <memory>
#include <string>

namespace {

using namespace test_support;
using jsocket::JsonClient;
using jsocket::ServerOptions;

/// Asks a server whose hooks do what they are asked, until it has no answer.
void ask(std::uint16_t port, const std::vector<int>& actions) {
    try {
        JsonClient client = connected_client(port, jsocket::Framing::prefix, own_address());
        for (const int action : actions) {
            for (json reply = client.request(action); reply != action; reply = client.read_obj()) {
                ASSERT_EQ(reply, "pushed") << "in reply to " << action;
            }
        }
    } catch (const jsocket::ConnectionError&) {
        // One of the actions ends the connection, and one the server.
    }
}

/// Each client has hooks do so many random things.
std::vector<std::function<void()>> crowd(Random& random, std::uint16_t port, int actions) {
    std::vector<std::function<void()>> clients;
    for (int i = 0; i < 3; ++i) {
        std::vector<int> plan;
        for (int j = 0; j < 4; ++j) plan.push_back(pick(random, actions));
        clients.emplace_back([port, plan] { ask(port, plan); });
    }
    return clients;
}

TEST(CallbackRounds, OfAThreadedServersHooksIntoTheServerNeverDeadlock) {
    Random random(55);
    for (int i = 0; i < rounds; ++i) {
        Hooks<ScriptedServer> hooks;
        hooks.message = [&](ScriptedServer& server, json& message) -> std::optional<json> {
            switch (message.get<int>()) {
                case 0:
                    server.send_obj("pushed");
                    break;
                case 1:
                    server.disconnect_client();
                    break;
                case 2:
                    EXPECT_EQ(server.client_stats().connected_clients, 1u);
                    EXPECT_TRUE(server.running() && server.connected());
                    break;
                case 3:
                    EXPECT_THROW(server.join_for(patience), jsocket::UsageError);
                    break;
                case 4:
                    server.stop();
                    break;
            }
            return std::move(message);
        };
        ScriptedServer server(ServerOptions{.address = own_address()}, hooks);
        server.start();
        all_at_once(random, crowd(random, server.port(), 5));
        server.stop();
        ASSERT_TRUE(server.join_for(patience)) << "round " << i;
    }
}

TEST(CallbackRounds, OfAFactorysHooksIntoTheServerNeverDeadlock) {
    Random random(55);
    for (int i = 0; i < rounds; ++i) {
        std::optional<Factory::Server> server;
        const auto act = [&](ScriptedWorker& worker, int action) {
            switch (action) {
                case 0:
                    return server->send_obj(worker.session_id(), "pushed");
                case 1:
                    server->broadcast("pushed");
                    return worker.send_obj("pushed");
                case 2:
                    return server->disconnect(worker.session_id());
                case 3:
                    return server->stop_all();
                case 4:
                    server->client_stats();
                    server->sessions();
                    server->active();
                    return;
                case 5:
                    return ask(server->port(), {4});
                case 6:
                    EXPECT_THROW(server->join_for(patience), jsocket::UsageError);
                    return;
                case 7:
                    return server->stop();
            }
        };
        Hooks<ScriptedWorker> hooks;
        hooks.message = [&](ScriptedWorker& worker, json& message) -> std::optional<json> {
            act(worker, message.get<int>());
            return std::move(message);
        };
        server.emplace(ServerOptions{.address = own_address()}, hooks);
        server->start();
        all_at_once(random, crowd(random, server->port(), 8));
        server->stop();
        ASSERT_TRUE(server->join_for(patience)) << "round " << i;
    }
}

/// A message that tells its sender, its place among those of its sender, and has any size.
json numbered(const std::string& from, int number, Random& random) {
    const int size = number % 50 == 0 ? 100'000 : pick(random, 2'000);
    return {{"from", from}, {"number", number}, {"padding", std::string(std::size_t(size), 'x')}};
}

TEST(SendingRounds, OfPushesRepliesAndBroadcastsAtOnceNeverInterleave) {
    // A small buffer has the server's writes stop in the middle of messages.
    jsocket::Running<Factory::Server> server;
    RawPeer client = RawPeer::connect(Address::ipv4(server.port()), 4096);
    client.send(crc_frame("\"first\""));
    ASSERT_EQ(client.receive_crc_frame(), "\"first\"");
    const jsocket::SessionId session = server.sessions().at(0);

    const std::array<std::pair<std::string, std::function<void(const json&)>>, 4> senders{{
        {"push", [&](const json& message) { server.send_obj(session, message); }},
        {"other push", [&](const json& message) { server.send_obj(session, message); }},
        {"broadcast", [&](const json& message) { EXPECT_EQ(server.broadcast(message), 1u); }},
        {"reply", [&](const json& message) { client.send(crc_frame(message.dump())); }},
    }};
    std::vector<std::future<void>> sending;
    for (const auto& [name, send] : senders) {
        sending.push_back(std::async(std::launch::async, [&name = name, &send = send] {
            Random random(56);
            for (int i = 0; i < rounds; ++i) send(numbered(name, i, random));
        }));
    }
    std::map<std::string, int> next;
    for (int i = 0; i < rounds * int(senders.size()); ++i) {
        const json message = json::parse(client.receive_crc_frame());  // throws if it is not whole
        ASSERT_EQ(message.at("number"), next[message.at("from")]++);
    }
    for (std::future<void>& each : sending) each.get();
    EXPECT_EQ(next.size(), senders.size());
}

}  // namespace
