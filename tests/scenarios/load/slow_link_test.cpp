// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/namespaces.hpp"
#include "scenarios/load/process.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

/// A link that carries 256 kbit a second.
namespace {

using namespace test_support;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

constexpr milliseconds message_deadline(1'000);
constexpr std::size_t size = 100'000;  // takes three times as long, each way

class SlowLink : public testing::Test {
  protected:
    void SetUp() override {
        cable = Cable::lay(reason);
        if (!cable) GTEST_SKIP() << reason;
        try {
            cable->at_both_ends(
                "tc qdisc add dev $LINK root tbf rate 256kbit burst 3000 limit 60000");
        } catch (const std::exception& error) {
            GTEST_SKIP() << error.what();
        }
    }

    /// Time that a message of `size` takes to a server that asks for so many bytes a second; there
    /// is no time if it was cut.
    std::optional<milliseconds> send_to(std::size_t min_receive_rate) {
        ServerOptions options;
        options.address = Cable::server_address;
        options.message_deadline = message_deadline;
        options.min_receive_rate = min_receive_rate;
        Hooks<ScriptedWorker> hooks;
        hooks.payload = [](std::string_view payload, std::string& reply) {
            reply = std::to_string(payload.size());
        };
        std::optional<Running<ServerFactory<ScriptedWorker>>> server;
        cable->at_server([&] { server.emplace(options, hooks); });
        std::optional<milliseconds> time;
        cable->at_client([&] {
            JsonClient client({.address = Cable::server_address,
                               .port = server->port(),
                               .recv_timeout = 3 * patience});
            client.connect();
            const Stopwatch watch;
            try {
                EXPECT_EQ(client.request(std::string(size - 2, 'x')), size);
                time = watch.elapsed();
            } catch (const jsocket::ConnectionError&) {
            }
        });
        EXPECT_TRUE(wait_until([&] { return server->client_stats().connected_clients == 0; }));
        EXPECT_EQ(failures(server->client_stats(), jsocket::Failure::timeout), time ? 0u : 1u);
        EXPECT_EQ(failures(server->client_stats()), time ? 0u : 1u);
        return time;
    }

    std::string reason;
    std::optional<Cable> cable;
};

TEST_F(SlowLink, LetsAnHonestClientTakeLongerThanTheDeadlineForAMessage) {
    const auto time = send_to(ServerOptions{}.min_receive_rate);
    ASSERT_TRUE(time) << "it was cut";
    EXPECT_GT(*time, message_deadline) << "or the link is not slow";
}

TEST_F(SlowLink, IsTooSlowForAServerThatAsksForMore) { EXPECT_FALSE(send_to(1'000'000)); }

TEST_F(SlowLink, LetsAClientTakeLongerThanTheDeadlineForAReply) {
    std::optional<Running<ServerFactory<ScriptedWorker>>> server;
    Hooks<ScriptedWorker> hooks;
    hooks.payload = [](std::string_view, std::string& reply) {
        reply = "\"" + std::string(size - 2, 'x') + "\"";
    };
    cable->at_server(
        [&] { server.emplace(ServerOptions{.address = Cable::server_address}, hooks); });
    cable->at_client([&] {
        JsonClient client({.address = Cable::server_address,
                           .port = server->port(),
                           .message_deadline = message_deadline});
        client.connect();
        const Stopwatch watch;
        EXPECT_EQ(client.request(1), std::string(size - 2, 'x'));
        EXPECT_GT(watch.elapsed(), message_deadline) << "or the link is not slow";
    });
}

}  // namespace
