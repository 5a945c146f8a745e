// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using jsocket::SessionId;
using jsocket::UsageError;

/// Reads pushes {"from": n, "number": m} and replies (plain numbers), and checks that each sender's
/// come whole and in order.
void expect_in_order(JsonClient& client, int senders, int pushes, int replies) {
    std::map<int, int> next;
    int next_reply = 0;
    for (int i = 0; i < senders * pushes + replies; ++i) {
        const json message = client.read_obj();
        if (message.is_number()) {
            ASSERT_EQ(message, next_reply++);
        } else {
            ASSERT_EQ(message.at("number"), next[message.at("from")]++);
        }
    }
    EXPECT_EQ(next_reply, replies);
}

json numbered(int from, int number) {
    return {{"from", from}, {"number", number}, {"padding", std::string(number % 300, 'x')}};
}

TEST(ThreadedServerPush, ReachesTheConnectedClient) {
    Running<ScriptedServer> server;
    JsonClient client = connected_client(server.port());
    ASSERT_TRUE(wait_until([&] { return server.connected(); }));
    server.send_obj({{"unasked", 1}});
    EXPECT_EQ(client.read_obj(), json({{"unasked", 1}}));
    EXPECT_EQ(client.request(2), 2);
}

TEST(ThreadedServerPush, WithoutAClientThrowsUsageError) {
    Running<ScriptedServer> server;
    EXPECT_THROW(server.send_obj(1), UsageError);
    JsonClient client = connected_client(server.port());
    ASSERT_TRUE(wait_until([&] { return server.connected(); }));
    client.close();
    ASSERT_TRUE(wait_until([&] { return !server.connected(); }));
    EXPECT_THROW(server.send_obj(1), UsageError);
    server.disconnect_client();
    server.stop();
    server.join();
    EXPECT_THROW(server.send_obj(1), UsageError);
}

TEST(ThreadedServerPush, OfWhatCannotBeSentThrowsAndLeavesTheConnectionUsable) {
    Running<ScriptedServer> server(
        ServerOptions{.limits = {.max_message_size = 100, .max_depth = 3, .max_elements = 20}});
    JsonClient client = connected_client(server.port());
    ASSERT_TRUE(wait_until([&] { return server.connected(); }));
    EXPECT_THROW(server.send_obj(std::nan("")), UsageError);
    EXPECT_THROW(server.send_obj("\xff"), UsageError);
    EXPECT_THROW(server.send_obj(json::parse("[[[[1]]]]")), UsageError);
    EXPECT_THROW(server.send_obj(std::vector<int>(20, 1)), UsageError);
    EXPECT_THROW(server.send_obj(std::string(99, 'x')), jsocket::MessageTooLarge);
    server.send_obj("good");
    EXPECT_EQ(client.read_obj(), "good");
    EXPECT_EQ(client.request(1), 1);
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST(ThreadedServerPush, DisconnectsTheClient) {
    Running<ScriptedServer> server;
    JsonClient client = connected_client(server.port());
    ASSERT_TRUE(wait_until([&] { return server.connected(); }));
    server.disconnect_client();
    EXPECT_THROW(client.read_obj(), jsocket::ConnectionClosed);
    EXPECT_EQ(connected_client(server.port()).request(1), 1);
}

TEST(ThreadedServerPush, FromSeveralThreadsNeverInterleavesWithReplies) {
    constexpr int senders = 3;
    constexpr int pushes = 200;
    constexpr int requests = 200;
    Running<ScriptedServer> server;
    JsonClient client = connected_client(server.port());
    ASSERT_TRUE(wait_until([&] { return server.connected(); }));
    std::vector<std::thread> threads;
    for (int from = 0; from < senders; ++from) {
        threads.emplace_back([&, from] {
            for (int i = 0; i < pushes; ++i) server.send_obj(numbered(from, i));
        });
    }
    threads.emplace_back([&] {
        for (int i = 0; i < requests; ++i) client.send_obj(i);
    });
    expect_in_order(client, senders, pushes, requests);
    for (std::thread& thread : threads) thread.join();
}

TEST(ThreadedServerPush, FromTheHookComesBeforeItsReplyAlsoInABatch) {
    Hooks<ScriptedServer> hooks;
    hooks.message = [](ScriptedServer& server, json& message) -> std::optional<json> {
        server.send_obj({{"push", message}});
        return message;
    };
    Running<ScriptedServer> server(ServerOptions{}, hooks);
    RawPeer client = RawPeer::connect(server.port());
    std::string batch;
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        const std::string number = std::to_string(i);
        batch += prefix_frame(number);
        expected += prefix_frame("{\"push\":" + number + "}") + prefix_frame(number);
    }
    client.send(batch);
    client.finish_writing();
    EXPECT_EQ(client.receive_until_end(), expected);
}

TEST(ThreadedServerPush, FromOnConnectIsTheFirstTheClientGets) {
    Hooks<ScriptedServer> hooks;
    hooks.connect = [](ScriptedServer& server) { server.send_obj("welcome"); };
    Running<ScriptedServer> server(ServerOptions{}, hooks);
    RawPeer client = RawPeer::connect(server.port());
    EXPECT_EQ(client.receive_prefix_frame(), "\"welcome\"");
    client.send(crc_frame("1"));
    EXPECT_EQ(client.receive_crc_frame(), "1") << "from the first message on, as the client speaks";
}

TEST(ThreadedServerPush, UsesTheWireFormatTheServerWasGiven) {
    Hooks<ScriptedServer> hooks;
    hooks.connect = [](ScriptedServer& server) { server.send_obj("welcome"); };
    const std::pair<Framing, std::string> cases[] = {
        {Framing::prefix, prefix_frame("\"welcome\"")},
        {Framing::crc, crc_frame("\"welcome\"")},
        {Framing::lines, line_frame("\"welcome\"")},
    };
    for (const auto& [framing, expected] : cases) {
        Running<ScriptedServer> server(ServerOptions{.framing = framing}, hooks);
        RawPeer client = RawPeer::connect(server.port());
        client.finish_writing();
        EXPECT_EQ(client.receive_until_end(), expected);
    }
}

TEST(ThreadedServerPush, IsNotCountedAsAReply) {
    Hooks<ScriptedServer> hooks;
    hooks.message = [](ScriptedServer& server, json& message) -> std::optional<json> {
        server.send_obj("pushed");
        return message;
    };
    Running<ScriptedServer> server(ServerOptions{}, hooks);
    JsonClient client = connected_client(server.port());
    EXPECT_EQ(client.request(1), "pushed");
    EXPECT_EQ(client.read_obj(), 1);
    client.close();
    server.stop();
    server.join();
    const jsocket::ServerStats stats = server.client_stats();
    ASSERT_EQ(stats.clients.size(), 1u);
    EXPECT_EQ(stats.clients.begin()->second.messages_out, 1u);
    EXPECT_EQ(stats.clients.begin()->second.bytes_out, 1u);
}

class FactoryPush : public testing::Test {
  protected:
    JsonClient next_client() {
        const std::size_t before = server.active();
        JsonClient client = connected_client(server.port());
        EXPECT_TRUE(wait_until([&] { return server.active() == before + 1; }));
        return client;
    }

    Running<ServerFactory<ScriptedWorker>> server;
};

TEST_F(FactoryPush, ReachesOneClientByItsSessionId) {
    JsonClient first = next_client();
    JsonClient second = next_client();
    const std::vector<SessionId> ids = server.sessions();
    ASSERT_EQ(ids.size(), 2u);
    server.send_obj(ids[1], "to the second");
    server.send_obj(ids[0], "to the first");
    EXPECT_EQ(first.read_obj(), "to the first");
    EXPECT_EQ(second.read_obj(), "to the second");
}

TEST_F(FactoryPush, ToAClientThatIsGoneOrNeverWasThrowsUsageError) {
    JsonClient client = next_client();
    const SessionId id = server.sessions().at(0);
    EXPECT_THROW(server.send_obj(id + 1000, 1), UsageError);
    client.close();
    ASSERT_TRUE(wait_until([&] { return server.active() == 0; }));
    EXPECT_THROW(server.send_obj(id, 1), UsageError);
    JsonClient other = next_client();
    EXPECT_THROW(server.send_obj(id, 1), UsageError) << "also while another is connected";
    EXPECT_EQ(other.request(1), 1);
}

TEST_F(FactoryPush, OfWhatCannotBeSentThrowsAndReachesNobody) {
    JsonClient first = next_client();
    JsonClient second = next_client();
    EXPECT_THROW(server.broadcast(std::nan("")), UsageError);
    EXPECT_THROW(server.send_obj(server.sessions().at(0), std::nan("")), UsageError);
    EXPECT_EQ(server.broadcast("good"), 2u);
    EXPECT_EQ(first.read_obj(), "good");
    EXPECT_EQ(second.read_obj(), "good");
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_F(FactoryPush, BroadcastReachesAllAndSaysHowMany) {
    EXPECT_EQ(server.broadcast(0), 0u);
    std::vector<JsonClient> clients;
    for (int i = 1; i <= 10; ++i) {
        clients.push_back(next_client());
        EXPECT_EQ(server.broadcast(i), static_cast<std::size_t>(i));
    }
    for (int i = 1; i <= 10; ++i) {
        for (int j = i; j <= 10; ++j) EXPECT_EQ(clients[i - 1].read_obj(), j);
    }
}

TEST_F(FactoryPush, BroadcastSpeaksEachClientsWireFormat) {
    RawPeer prefix = RawPeer::connect(server.port());
    RawPeer crc = RawPeer::connect(server.port());
    RawPeer lines = RawPeer::connect(server.port());
    prefix.send(prefix_frame("1"));
    crc.send(crc_frame("1"));
    lines.send(line_frame("1"));
    EXPECT_EQ(prefix.receive_prefix_frame(), "1");
    EXPECT_EQ(crc.receive_crc_frame(), "1");
    EXPECT_EQ(lines.receive_line(), "1");
    EXPECT_EQ(server.broadcast("news"), 3u);
    EXPECT_EQ(prefix.receive_prefix_frame(), "\"news\"");
    EXPECT_EQ(crc.receive_crc_frame(), "\"news\"");
    EXPECT_EQ(lines.receive_line(), "\"news\"");
}

TEST_F(FactoryPush, FromSeveralThreadsNeverInterleavesWithReplies) {
    constexpr int rounds = 200;
    std::vector<JsonClient> clients;
    for (int i = 0; i < 3; ++i) clients.push_back(next_client());
    const std::vector<SessionId> ids = server.sessions();
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) server.broadcast(numbered(0, i));
    });
    threads.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
            for (const SessionId id : ids) server.send_obj(id, numbered(1, i));
        }
    });
    for (JsonClient& client : clients) {
        threads.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) client.send_obj(i);
        });
        threads.emplace_back([&] { expect_in_order(client, 2, rounds, rounds); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_F(FactoryPush, MayRaceWithClientsThatComeAndGo) {
    std::thread visitors([&] {
        for (int i = 0; i < 100; ++i) {
            JsonClient client = connected_client(server.port());
            while (client.request(i) != i) {  // broadcasts may come before the reply
                while (client.read_obj() != i) continue;
                break;
            }
        }
    });
    for (int i = 0; i < 500; ++i) {
        server.broadcast("news");
        for (const SessionId id : server.sessions()) {
            try {
                server.send_obj(id, "for you");
            } catch (const jsocket::Error&) {  // it has just gone
            }
        }
    }
    visitors.join();
}

}  // namespace
