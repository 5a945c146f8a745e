// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/namespaces.hpp"
#include "scenarios/load/process.hpp"
#include "server/scripted.hpp"

#include <gtest/gtest.h>

/// A network that carries small packets only.
namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

class SmallPackets : public testing::TestWithParam<Framing> {};
INSTANTIATE_TEST_SUITE_P(AllFormats, SmallPackets,
                         testing::Values(Framing::prefix, Framing::crc, Framing::lines),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(SmallPackets, CarryMessagesOfEverySizeUnchangedOneAtATime) {
    std::string reason;
    const auto cable = Cable::lay(reason);
    if (!cable) GTEST_SKIP() << reason;
    cable->at_both_ends("ip link set dev $LINK mtu 600");
    std::optional<Running<ServerFactory<ScriptedWorker>>> server;
    cable->at_server([&] { server.emplace(ServerOptions{.address = Cable::server_address}); });
    cable->at_client([&] {
        JsonClient client({.address = Cable::server_address,
                           .port = server->port(),
                           .framing = GetParam(),
                           .recv_timeout = 3 * patience});
        client.connect();
        // Around one packet, around several, and far more than a buffer holds.
        for (std::size_t size = 500; size < 600; ++size) {
            const json message = std::string(size, 'x');
            ASSERT_EQ(client.request(message), message) << size;
        }
        for (const std::size_t size : {0, 1, 5'480, 65'536, scaled(5'000'000, 500'000)}) {
            json message{{"number", 1}, {"text", ""}};
            std::string& text = message["text"].get_ref<std::string&>();
            while (text.size() < size) text += std::to_string(text.size());
            const json reply = client.request(message);
            ASSERT_TRUE(reply == message) << size;
        }
    });
    EXPECT_EQ(failures(server->client_stats()), 0u);
    server.reset();
}

}  // namespace
