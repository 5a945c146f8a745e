// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

class CorruptedFrame : public testing::TestWithParam<Framing> {};
INSTANTIATE_TEST_SUITE_P(Servers, CorruptedFrame, testing::Values(Framing::crc, Framing::automatic),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(CorruptedFrame, NeverReachesAHookWhicheverBitIsWrong) {
    std::atomic<int> handled{0};
    Hooks<ScriptedWorker> hooks;
    hooks.message = [&](auto&, json&) -> std::optional<json> {
        ++handled;
        return 1;
    };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.framing = GetParam()}, hooks);
    const std::string good = crc_frame(R"({"a":[1]})");
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(bad);
        peer.finish_writing();
        ASSERT_EQ(peer.receive_until_end(), "") << "bit " << bit;
    }
    server.stop();
    server.join();
    EXPECT_EQ(handled, 0);
    const jsocket::ServerStats stats = server.client_stats();
    EXPECT_EQ(failures(stats), good.size() * 8) << "each was counted once";
    const std::uint64_t checksum_and_payload = (good.size() - 8) * 8;
    // A length too small leaves a payload cut short, whose checksum cannot be right.
    EXPECT_GE(failures(stats, Failure::bad_crc), checksum_and_payload);
    EXPECT_GT(failures(stats, Failure::oversize), 0u);
    EXPECT_GT(failures(stats, Failure::closed_mid_message), 0u);
    if (GetParam() == Framing::crc) {
        EXPECT_EQ(failures(stats, Failure::bad_header), 32u);
    }
}

}  // namespace
