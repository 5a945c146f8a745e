// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace {

using namespace test_support;
using jsocket::ClientStats;
using jsocket::Failure;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerStats;

/// All clients of a snapshot together.
struct Sums {
    std::uint64_t connects = 0;
    std::uint64_t disconnects = 0;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t handler_failures = 0;
};

Sums sums(const ServerStats& stats) {
    Sums all;
    for (const auto& [name, client] : stats.clients) {
        all.connects += client.connects;
        all.disconnects += client.disconnects;
        all.messages_in += client.messages_in;
        all.messages_out += client.messages_out;
        all.bytes_in += client.bytes_in;
        all.handler_failures += client[Failure::handler];
    }
    return all;
}

constexpr int visitors = 3;
constexpr int visits = 40;
constexpr int messages = 3;

/// Comes, sends a few messages under changing names, and goes; now and then a hook throws.
void visit_often(std::uint16_t port, int visitor) {
    for (int i = 0; i < visits; ++i) {
        JsonClient client = connected_client(port);
        for (int j = 0; j < messages; ++j) {
            const json message = {{"client", "name " + std::to_string((visitor + j) % 4)}};
            ASSERT_EQ(client.request(message), message);
        }
        if (i % 4 == 0) {
            client.send_obj("throw");
            ASSERT_THROW(client.read_obj(), jsocket::ConnectionClosed);
        }
    }
}

TEST(StatisticsUnderLoad, NeverCountTwiceAndNeverLoseACount) {
    Hooks<ScriptedWorker> hooks;
    hooks.message = [](auto&, json& message) -> std::optional<json> {
        if (message == "throw") throw std::runtime_error("hook");
        return message;
    };
    Running<jsocket::ServerFactory<ScriptedWorker>> server(jsocket::ServerOptions{}, hooks);
    std::atomic<int> busy{visitors};
    std::vector<std::thread> threads;
    for (int visitor = 0; visitor < visitors; ++visitor) {
        threads.emplace_back([&, visitor] {
            visit_often(server.port(), visitor);
            --busy;
        });
    }
    Sums last;
    int wrong = 0;
    while (busy > 0) {
        const Sums now = sums(server.client_stats());
        wrong += now.connects < last.connects || now.disconnects < last.disconnects ||
                 now.messages_in < last.messages_in || now.messages_out < last.messages_out ||
                 now.bytes_in < last.bytes_in || now.handler_failures < last.handler_failures;
        wrong += now.disconnects > now.connects || now.connects > visitors * visits;
        last = now;
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0) << "snapshots contradicted each other";

    server.stop();
    server.join();
    const Sums total = sums(server.client_stats());
    constexpr std::uint64_t throws = visitors * visits / 4;
    EXPECT_EQ(total.connects, visitors * visits);
    EXPECT_EQ(total.disconnects, visitors * visits);
    EXPECT_EQ(total.messages_in, visitors * visits * messages + throws);
    EXPECT_EQ(total.messages_out, visitors * visits * messages);
    EXPECT_EQ(total.handler_failures, throws);
    EXPECT_EQ(server.client_stats().connected_clients, 0u);
}

TEST(StatisticsUnderLoad, MayBeTakenFromManyThreads) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server;
    std::atomic<bool> done{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&] {
            while (!done) EXPECT_LE(server.client_stats().connected_clients, 1u);
        });
    }
    for (int i = 0; i < 50; ++i) {
        JsonClient client = connected_client(server.port());
        EXPECT_EQ(client.request({{"client", "one"}}), json({{"client", "one"}}));
        client.close();
        EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    }
    done = true;
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(server.client_stats().clients.at("one").connects, 50u);
}

}  // namespace
