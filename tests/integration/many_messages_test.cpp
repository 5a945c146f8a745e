// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;

TEST(ManyMessages, OfAHundredClientsAtOnceAreAllAnswered) {
    constexpr int clients = 100;
    constexpr int messages = 50;
    Running<ServerFactory<ScriptedWorker>> server;
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&, i] {
            try {
                JsonClient client = connected_client(server.port(), all_formats[i % 3]);
                for (int j = 0; j < messages; ++j) {
                    const json message = {{"client", "client " + std::to_string(i)}, {"number", j}};
                    if (client.request(message) == message) ++answered;
                }
            } catch (const std::exception& error) {
                ADD_FAILURE() << error.what();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(answered, clients * messages);
    server.stop();
    server.join();
    const jsocket::ServerStats stats = server.client_stats();
    EXPECT_EQ(stats.clients.size(), static_cast<std::size_t>(clients));
    EXPECT_EQ(failures(stats), 0u);
    for (const auto& [name, client] : stats.clients) {
        EXPECT_EQ(client.messages_in, static_cast<std::uint64_t>(messages)) << name;
        EXPECT_EQ(client.messages_out, static_cast<std::uint64_t>(messages)) << name;
    }
}

TEST(ManyMessages, OfAHundredClientsOneAfterTheOtherAreAnsweredByAThreadedServer) {
    Running<ScriptedServer> server;
    for (int i = 0; i < 100; ++i) {
        JsonClient client = connected_client(server.port(), all_formats[i % 3]);
        for (int j = 0; j < 5; ++j) ASSERT_EQ(client.request(j), j);
    }
}

template <typename Kind>
class Pipelined : public testing::Test {};
TYPED_TEST_SUITE(Pipelined, BothKinds, KindNames);

TYPED_TEST(Pipelined, MessagesInOneWriteAreAnsweredInOrder) {
    Running<typename TypeParam::Server> server;
    for (const Framing framing : all_formats) {
        std::string batch;
        for (int i = 0; i < 1000; ++i) {
            batch += frame(framing, "{\"number\":" + std::to_string(i) + "}");
        }
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(batch);
        EXPECT_EQ(peer.receive(batch.size()), batch);
        peer.finish_writing();
        EXPECT_EQ(peer.receive_until_end(), "");
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(Pipelined, MessagesOfAllSizesAreAnsweredInOrder) {
    Running<typename TypeParam::Server> server;
    for (const Framing framing : all_formats) {
        JsonClient client = connected_client(server.port(), framing);
        std::vector<json> messages;
        for (std::size_t size = 1; size < 500'000; size = size * 3 + 1) {
            messages.push_back(std::string(size, 'a'));
            messages.push_back("small");
        }
        std::thread sender([&] {
            for (const json& message : messages) client.send_obj(message);
        });
        for (const json& message : messages) EXPECT_EQ(client.read_obj(), message);
        sender.join();
    }
}

TYPED_TEST(Pipelined, MessagesAreAnsweredWhateverTheirSegments) {
    Running<typename TypeParam::Server> server;
    for (const Framing framing : all_formats) {
        std::string batch;
        for (int i = 0; i < 20; ++i) {
            batch += frame(framing, "[\"\xc3\xa9\xf0\x9f\x98\x80\"," + std::to_string(i) + "]");
        }
        for (const std::size_t step : {1u, 2u, 3u, 7u, 11u, 64u}) {
            RawPeer peer = RawPeer::connect(server.port());
            for (std::size_t at = 0; at < batch.size(); at += step) {
                peer.send(std::string_view(batch).substr(at, step));
            }
            EXPECT_EQ(peer.receive(batch.size()), batch) << "in steps of " << step;
        }
    }
}

}  // namespace
