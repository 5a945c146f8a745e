// SPDX-License-Identifier: Apache-2.0
#include "scenarios/rounds.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace {

using namespace test_support;
using jsocket::ConnectionClosed;
using jsocket::JsonClient;
using jsocket::JsonServer;
using jsocket::ServerOptions;

/// Echoes to one client after the other, until the server is closed.
void serve_until_closed(JsonServer& server) {
    try {
        for (;;) {
            server.accept_connection();
            try {
                for (;;) server.send_obj(server.read_obj());
            } catch (const jsocket::ConnectionError&) {
                // The client has left, or the server is closed, which the next accept tells.
            }
        }
    } catch (const ConnectionClosed&) {
        // What accept_connection() throws after close().
    }
}

/// Sends a few messages, with no regard to what becomes of them.
void disturb(std::uint16_t port) {
    try {
        RawPeer client = RawPeer::connect(Address::own(port));
        client.send(prefix_frame("1") + prefix_frame("2"));
        client.receive(5);
    } catch (const std::system_error&) {
        // Refused or reset.
    }
}

TEST(CloseRounds, OfAJsonServerTwiceAndFromTwoThreadsEndsAcceptAndRead) {
    Random random(51);
    for (int i = 0; i < rounds; ++i) {
        JsonServer server(ServerOptions{
            .address = own_address(), .accept_timeout = patience, .recv_timeout = patience});
        const Stopwatch stopwatch;
        all_at_once(random, {[&] { serve_until_closed(server); }, [&] { disturb(server.port()); },
                             [&] {
                                 server.close();
                                 server.close();
                             },
                             [&] { server.close(); }});
        ASSERT_LT(stopwatch.elapsed(), patience) << "round " << i;
        ASSERT_FALSE(server.connected());
        ASSERT_THROW(server.accept_connection(), ConnectionClosed);
    }
}

TEST(CloseRounds, OfAJsonServerBeforeAnyClientAndInItsDestructor) {
    for (int i = 0; i < rounds; ++i) {
        JsonServer server;
        RawPeer waits_to_be_accepted = RawPeer::connect(server.port());
        server.close();
        server.close();
        ASSERT_TRUE(waits_to_be_accepted.closed_by_peer());
    }
    for (int i = 0; i < rounds; ++i) {
        auto server = std::make_unique<JsonServer>();
        RawPeer accepted = RawPeer::connect(server->port());
        server->accept_connection();
        RawPeer waits_to_be_accepted = RawPeer::connect(server->port());
        server.reset();
        ASSERT_TRUE(accepted.closed_by_peer());
        ASSERT_TRUE(waits_to_be_accepted.closed_by_peer());
    }
}

TEST(CloseRounds, OfAJsonClientTwiceAndFromTwoThreadsEndsWhateverItDoes) {
    const jsocket::Running<Factory::Server> server;
    Random random(51);
    for (int i = 0; i < rounds; ++i) {
        JsonClient client({.port = server.port(), .recv_timeout = patience});
        const auto use = [&] {
            try {
                client.connect();
                client.request(i);
                client.read_obj();  // nothing comes: only close() ends it
            } catch (const ConnectionClosed&) {
                // At whatever point it was.
            }
        };
        std::atomic<bool> used{false};
        const auto close = [&] {
            // A close() before connect() has nothing to end.
            do {
                client.close();
                client.close();
                std::this_thread::yield();
            } while (!used);
        };
        const Stopwatch stopwatch;
        all_at_once(random, {[&] {
                                 use();
                                 used = true;
                             },
                             close, close});
        ASSERT_LT(stopwatch.elapsed(), patience) << "round " << i;
        ASSERT_FALSE(client.connected());
        client.connect();
        ASSERT_EQ(client.request(i), i) << "a closed client connects again";
    }
}

}  // namespace
