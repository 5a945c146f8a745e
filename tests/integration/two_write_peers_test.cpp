// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"

#include <gtest/gtest.h>

#include <netinet/tcp.h>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using std::chrono::milliseconds;

constexpr int rounds = 50;

// A peer that waits for a delayed acknowledgement of each header needs 40 ms and more a round.
constexpr milliseconds well_under_half_a_second{400};

std::size_t header_size(Framing framing) { return framing == Framing::crc ? 12 : 4; }

/// Nagle's algorithm on, as the Python package leaves it.
void delay(RawPeer& peer) {
    const int off = 0;
    ASSERT_EQ(setsockopt(peer.fd(), IPPROTO_TCP, TCP_NODELAY, &off, sizeof(off)), 0);
}

/// Header and payload in a write each.
void send_in_two(RawPeer& peer, Framing framing, const std::string& payload) {
    const std::string message = frame(framing, payload);
    peer.send(message.substr(0, header_size(framing)));
    peer.send(message.substr(header_size(framing)));
}

class TwoWritePeer : public testing::TestWithParam<Framing> {};
INSTANTIATE_TEST_SUITE_P(With, TwoWritePeer, testing::Values(Framing::prefix, Framing::crc),
                         [](const auto& info) { return std::string(to_string(info.param)); });

template <typename Server>
milliseconds time_of_client(Framing framing) {
    Running<Server> server;
    RawPeer client = RawPeer::connect(server.port());
    delay(client);
    const Stopwatch stopwatch;
    for (int i = 0; i < rounds; ++i) {
        const std::string payload = "{\"round\":" + std::to_string(i) + "}";
        send_in_two(client, framing, payload);
        EXPECT_EQ(receive_frame(client, framing), payload);
    }
    return stopwatch.elapsed();
}

TEST_P(TwoWritePeer, AsAClientIsNotHeldUpByAThreadedServer) {
    EXPECT_TRUE(once_within(well_under_half_a_second,
                            [] { return time_of_client<ScriptedServer>(GetParam()); }));
}

TEST_P(TwoWritePeer, AsAClientIsNotHeldUpByAServerFactory) {
    EXPECT_TRUE(once_within(well_under_half_a_second, [] {
        return time_of_client<ServerFactory<ScriptedWorker>>(GetParam());
    }));
}

milliseconds time_of_server(Framing framing) {
    RawListener listener;
    std::thread server([&] {
        RawPeer peer = listener.accept();
        delay(peer);
        for (int i = 0; i < rounds; ++i) send_in_two(peer, framing, receive_frame(peer, framing));
        peer.receive_until_end();
    });
    JsonClient client = connected_client(listener.port(), framing);
    const Stopwatch stopwatch;
    for (int i = 0; i < rounds; ++i)
        EXPECT_EQ(client.request({{"round", i}}), json({{"round", i}}));
    const milliseconds elapsed = stopwatch.elapsed();
    client.close();
    server.join();
    return elapsed;
}

TEST_P(TwoWritePeer, AsAServerIsNotHeldUpByTheClient) {
    EXPECT_TRUE(once_within(well_under_half_a_second, [] { return time_of_server(GetParam()); }));
}

TEST_P(TwoWritePeer, GetsEachReplyInOneWrite) {
    // Counts the reads that it takes to get replies: a header that came alone would be one more.
    Running<ScriptedServer> server;
    RawPeer client = RawPeer::connect(server.port());
    int partial = 0;
    for (int i = 0; i < rounds; ++i) {
        const std::string message = frame(GetParam(), "[1]");
        client.send(message);
        ASSERT_TRUE(client.readable(patience));
        char space[64];
        const ssize_t size = ::recv(client.fd(), space, sizeof(space), 0);
        if (size != static_cast<ssize_t>(message.size())) {
            ++partial;
            client.receive(message.size() - static_cast<std::size_t>(size));
        }
    }
    EXPECT_EQ(partial, 0);
}

}  // namespace
