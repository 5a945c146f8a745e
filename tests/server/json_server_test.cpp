// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"
#include "support/temporary_directory.hpp"

#include <jsocket/server/json_server.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace {

using namespace test_support;
using jsocket::JsonServer;
using std::chrono::milliseconds;

TEST(JsonServer, TalksToAClientByHand) {
    JsonServer server;
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("[1]") + prefix_frame("[2]"));
    EXPECT_FALSE(server.connected());
    server.accept_connection();
    EXPECT_TRUE(server.connected());
    EXPECT_EQ(server.read_obj(), json({1}));
    EXPECT_EQ(server.read_obj(), json({2}));
    server.send_obj({{"a", nullptr}});
    EXPECT_EQ(client.receive_prefix_frame(), R"({"a":null})");
}

TEST(JsonServer, TellsWhereItListens) {
    const JsonServer server;
    EXPECT_NE(server.port(), 0);
    EXPECT_EQ(server.endpoint(), "127.0.0.1:" + std::to_string(server.port()));

    const TemporaryDirectory directory;
    const std::string path = directory / "socket";
    const JsonServer local({.address = "unix:" + path});
    EXPECT_EQ(local.port(), 0);
    EXPECT_EQ(local.endpoint(), "unix:" + path);
}

TEST(JsonServer, AcceptTimesOutAndMayBeTriedAgain) {
    JsonServer server({.accept_timeout = milliseconds(10)});
    EXPECT_THROW(server.accept_connection(), jsocket::TimeoutError);
    const RawPeer client = RawPeer::connect(server.port());
    server.accept_connection();
    EXPECT_TRUE(server.connected());
}

TEST(JsonServer, ReadTimesOutAndLeavesTheConnectionUsable) {
    JsonServer server({.recv_timeout = milliseconds(10)});
    RawPeer client = RawPeer::connect(server.port());
    server.accept_connection();
    try {
        server.read_obj();
        FAIL() << "nothing was sent";
    } catch (const jsocket::TimeoutError& error) {
        EXPECT_TRUE(error.connection_usable());
    }
    EXPECT_EQ(server.try_read_obj(milliseconds(1)), std::nullopt);
    client.send(prefix_frame("\"late\""));
    EXPECT_EQ(server.try_read_obj(patience), json("late"));
}

TEST(JsonServer, AcceptsTheNextClientInPlaceOfTheConnectedOne) {
    JsonServer server;
    RawPeer first = RawPeer::connect(server.port());
    server.accept_connection();
    RawPeer second = RawPeer::connect(server.port());
    server.accept_connection();
    EXPECT_TRUE(first.closed_by_peer());
    second.send(prefix_frame("2"));
    EXPECT_EQ(server.read_obj(), 2);
}

TEST(JsonServer, ClosesTheConnectionAndAcceptsTheNextOne) {
    JsonServer server;
    RawPeer first = RawPeer::connect(server.port());
    server.accept_connection();
    server.close_connection();
    server.close_connection();
    EXPECT_FALSE(server.connected());
    EXPECT_TRUE(first.closed_by_peer());
    EXPECT_THROW(server.read_obj(), jsocket::ConnectionClosed);
    const RawPeer second = RawPeer::connect(server.port());
    server.accept_connection();
    EXPECT_TRUE(server.connected());
}

TEST(JsonServer, NoticesThatTheClientHasLeft) {
    JsonServer server;
    RawPeer client = RawPeer::connect(server.port());
    server.accept_connection();
    client.close();
    EXPECT_THROW(server.read_obj(), jsocket::ConnectionClosed);
    EXPECT_FALSE(server.connected());
}

TEST(JsonServer, ThrowsAtAMessageThatIsNone) {
    JsonServer server;
    RawPeer client = RawPeer::connect(server.port());
    server.accept_connection();
    client.send(prefix_frame("{]"));
    EXPECT_THROW(server.read_obj(), jsocket::PayloadError);
    EXPECT_FALSE(server.connected());
    EXPECT_TRUE(client.closed_by_peer());
}

TEST(JsonServer, CloseEndsAnAcceptInAnotherThread) {
    JsonServer server({.accept_timeout = jsocket::no_timeout});
    std::thread closer([&] { server.close(); });
    EXPECT_THROW(server.accept_connection(), jsocket::ConnectionClosed);
    closer.join();
    server.close();
    EXPECT_THROW(server.accept_connection(), jsocket::ConnectionClosed);
    EXPECT_ANY_THROW(RawPeer::connect(server.port()));
}

TEST(JsonServer, CloseEndsAReadInAnotherThread) {
    JsonServer server({.recv_timeout = jsocket::no_timeout});
    const RawPeer client = RawPeer::connect(server.port());
    server.accept_connection();
    std::thread closer([&] { server.close(); });
    EXPECT_THROW(server.read_obj(), jsocket::ConnectionClosed);
    closer.join();
    EXPECT_FALSE(server.connected());
}

TEST(JsonServer, SendsFromAnyThreadWhileAnotherReads) {
    JsonServer server({.recv_timeout = patience});
    RawPeer client = RawPeer::connect(server.port());
    server.accept_connection();
    std::thread sender([&] {
        server.send_obj("pushed");
        EXPECT_EQ(client.receive_prefix_frame(), "\"pushed\"");
        client.send(prefix_frame("1"));
    });
    EXPECT_EQ(server.read_obj(), 1);
    sender.join();
}

TEST(JsonServer, ThrowsWithoutAClient) {
    JsonServer server;
    EXPECT_THROW(server.send_obj(1), jsocket::ConnectionClosed);
    EXPECT_THROW(server.read_obj(), jsocket::ConnectionClosed);
}

}  // namespace
