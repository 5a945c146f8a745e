// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/log_capture.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

class ConnectionLimit : public testing::TestWithParam<std::size_t> {
  protected:
    RawPeer served() {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(prefix_frame("1"));
        EXPECT_EQ(peer.receive_prefix_frame(), "1");
        return peer;
    }
    void expect_refused() {
        const std::uint64_t before = server.client_stats().refused_connections;
        RawPeer peer = RawPeer::connect(server.port());
        EXPECT_TRUE(peer.closed_by_peer());
        EXPECT_TRUE(
            wait_until([&] { return server.client_stats().refused_connections == before + 1; }));
    }

    const std::size_t limit = GetParam();
    Running<ServerFactory<ScriptedWorker>> server{ServerOptions{.max_connections = limit}};
};
INSTANTIATE_TEST_SUITE_P(Of, ConnectionLimit, testing::Values(1, 2, 10),
                         testing::PrintToStringParamName());

TEST_P(ConnectionLimit, RefusesOneTooManyAndAcceptsTheNextWhenOneLeaves) {
    std::vector<RawPeer> peers;
    for (std::size_t i = 0; i < limit; ++i) peers.push_back(served());
    EXPECT_EQ(server.client_stats().refused_connections, 0u);
    EXPECT_EQ(server.active(), limit);

    expect_refused();
    expect_refused();
    EXPECT_EQ(server.active(), limit);
    for (RawPeer& peer : peers) {
        peer.send(prefix_frame("2"));
        EXPECT_EQ(peer.receive_prefix_frame(), "2") << "those who were there notice nothing";
    }

    peers.pop_back();
    ASSERT_TRUE(wait_until([&] { return server.active() == limit - 1; }));
    peers.push_back(served());
    expect_refused();
    EXPECT_EQ(server.client_stats().refused_connections, 3u);
    EXPECT_EQ(server.client_stats().clients.size(), limit + 1) << "the refused are no clients";
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_P(ConnectionLimit, RefusesWithoutCallingAHook) {
    Journal journal;
    Hooks<ScriptedWorker> hooks;
    hooks.connect = [&](auto&) { journal.add("connect"); };
    Running<ServerFactory<ScriptedWorker>> limited(ServerOptions{.max_connections = limit}, hooks);
    std::vector<RawPeer> peers;
    for (std::size_t i = 0; i < limit + 5; ++i) peers.push_back(RawPeer::connect(limited.port()));
    EXPECT_TRUE(wait_until([&] { return limited.client_stats().refused_connections == 5; }));
    EXPECT_TRUE(wait_until([&] { return journal.size() == limit; }));
    limited.stop();
    limited.join();
    EXPECT_EQ(journal.size(), limit);
}

/// A client that comes from 127.0.0.`last`.
RawPeer connect_from(std::uint8_t last, std::uint16_t port) {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    const Address server = Address::ipv4(port);
    EXPECT_EQ(::connect(socket.get(), server.data(), server.size), 0);
    return RawPeer(std::move(socket));
}

TEST(ConnectionLimitPerPeer, CountsTheConnectionsOfOneAddressOnly) {
    const ServerOptions options{.max_connections = 4, .max_connections_per_peer = 2};
    Running<ServerFactory<ScriptedWorker>> server(options);
    const auto served = [](RawPeer& peer) {
        peer.send(prefix_frame("1"));
        return peer.receive_prefix_frame() == "1";
    };
    std::vector<RawPeer> peers;
    for (const int last : {1, 1, 2}) {
        peers.push_back(connect_from(std::uint8_t(last), server.port()));
        EXPECT_TRUE(served(peers.back()));
    }
    EXPECT_TRUE(connect_from(1, server.port()).closed_by_peer());
    EXPECT_EQ(server.client_stats().refused_connections, 1u);
    peers.erase(peers.begin());
    ASSERT_TRUE(wait_until([&] { return server.active() == 2; }));
    for (const int last : {1, 2}) {
        peers.push_back(connect_from(std::uint8_t(last), server.port()));
        EXPECT_TRUE(served(peers.back()));
    }
    EXPECT_TRUE(connect_from(3, server.port()).closed_by_peer()) << "max_connections holds as well";
}

TEST(ConnectionLimitPerPeer, IsLoggedThoughMaxConnectionsIsReachedAsWell) {
    const LogCapture log;
    Running<ServerFactory<ScriptedWorker>> server(
        ServerOptions{.max_connections = 2, .max_connections_per_peer = 1});
    const auto refuse = [&](std::uint8_t host) {
        EXPECT_TRUE(connect_from(host, server.port()).closed_by_peer());
    };
    const RawPeer first = connect_from(1, server.port());
    for (int i = 0; i < 3; ++i) refuse(1);
    const RawPeer second = connect_from(2, server.port());
    refuse(3);
    const std::string begin = server.endpoint() + " refuses connections: ";
    EXPECT_TRUE(wait_until([&] { return log.warnings().size() == 2; }));
    EXPECT_EQ(log.warnings().at(0).text, begin + "max_connections_per_peer reached");
    EXPECT_EQ(log.warnings().at(1).text, begin + "max_connections reached");
}

TEST(ConnectionLimits, HaveRoomAsSoonAsAClientIsSeenToBeGone) {
    Running<ServerFactory<ScriptedWorker>> server(
        ServerOptions{.max_connections = 1, .max_connections_per_peer = 1});
    for (int i = 0; i < 50; ++i) {
        {
            RawPeer peer = RawPeer::connect(server.port());
            peer.send(prefix_frame("1"));
            ASSERT_EQ(peer.receive_prefix_frame(), "1");
        }
        ASSERT_TRUE(wait_until([&] { return server.active() == 0; }));
    }
    EXPECT_EQ(server.client_stats().refused_connections, 0u);
}

/// A client that has broken the protocol, and that the server waits for.
RawPeer lingering(std::uint16_t port) {
    RawPeer peer = RawPeer::connect(port);
    peer.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(peer.receive_until_end(), "");
    return peer;
}

/// Is there room for one more?
bool has_room(std::uint16_t port) {
    RawPeer peer = RawPeer::connect(port);
    try {
        peer.send(prefix_frame("1"));
        return peer.receive(5) == prefix_frame("1");
    } catch (const std::exception&) {  // closed or reset under our hands
        return false;
    }
}

TEST(ConnectionLimits, CountAClientThatTheServerStillWaitsFor) {
    for (const std::size_t of_one_peer : {0u, 1u}) {
        const ServerOptions options{.max_connections = of_one_peer == 0 ? 1u : 10u,
                                    .max_connections_per_peer = of_one_peer};
        Running<ServerFactory<ScriptedWorker>> server(options);
        std::optional<RawPeer> rude;
        ASSERT_TRUE(wait_until([&] {  // a slow machine may need a second of them
            rude.emplace(lingering(server.port()));
            return wait_until([&] { return server.active() == 0; }) && !has_room(server.port());
        }));
        rude.reset();
        EXPECT_TRUE(wait_until([&] { return has_room(server.port()); }));
    }
}

TEST(ConnectionLimits, HoldWhileManyComeAndGo) {
    constexpr std::size_t limit = 3;
    std::atomic<int> connected{0};
    std::atomic<int> most{0};
    Hooks<ScriptedWorker> hooks;
    hooks.connect = [&](auto&) {
        const int now = ++connected;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) continue;
    };
    hooks.disconnect = [&](auto&) { --connected; };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.max_connections = limit}, hooks);
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < 50; ++j) {
                RawPeer peer = RawPeer::connect(server.port());
                try {
                    peer.send(prefix_frame("1"));
                    served += peer.receive(5) == prefix_frame("1");
                } catch (const std::exception&) {  // refused: closed or reset under our hands
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    server.stop();
    server.join();
    EXPECT_LE(most, static_cast<int>(limit));
    EXPECT_GT(served, 0);
    EXPECT_EQ(server.client_stats().refused_connections + static_cast<std::uint64_t>(served), 300u);
}

}  // namespace
