// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/descriptors.hpp"
#include "support/error_of.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerOptions;
using jsocket::UsageError;
using testing::HasSubstr;

std::size_t thread_count() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

template <typename Kind>
class Lifecycle : public testing::Test {};
TYPED_TEST_SUITE(Lifecycle, BothKinds, KindNames);

TYPED_TEST(Lifecycle, KnowsItsPortBeforeItStarts) {
    const typename TypeParam::Server server;
    EXPECT_NE(server.port(), 0);
    EXPECT_EQ(server.address(), "127.0.0.1");
    EXPECT_EQ(server.endpoint(), "127.0.0.1:" + std::to_string(server.port()));
}

TYPED_TEST(Lifecycle, ServesAClientThatConnectedBeforeTheStart) {
    typename TypeParam::Server server;
    RawPeer early = RawPeer::connect(server.port());
    early.send(prefix_frame("[1]"));
    server.start();
    EXPECT_EQ(early.receive_prefix_frame(), "[1]");
    server.stop();
    server.join();
}

TYPED_TEST(Lifecycle, AcceptsBeforeStartReturns) {
    for (int i = 0; i < 200; ++i) {
        const Running<typename TypeParam::Server> server;
        ASSERT_NO_THROW(connected_client(server.port())) << "start number " << i;
    }
}

TYPED_TEST(Lifecycle, IsRunningFromStartToTheEnd) {
    typename TypeParam::Server server;
    EXPECT_FALSE(server.running());
    server.start();
    EXPECT_TRUE(server.running());
    server.stop();
    server.join();
    EXPECT_FALSE(server.running());
}

TYPED_TEST(Lifecycle, RefusesASecondStart) {
    typename TypeParam::Server server;
    server.start();
    EXPECT_THROW(server.start(), UsageError);
    EXPECT_EQ(connected_client(server.port()).request(1), 1) << "the first run is not disturbed";
    server.stop();
    server.join();
    EXPECT_THROW(server.start(), UsageError);
}

TYPED_TEST(Lifecycle, RefusesAStartAfterAStop) {
    typename TypeParam::Server server;
    server.stop();
    EXPECT_THROW(server.start(), UsageError);
    EXPECT_FALSE(server.running());
}

TYPED_TEST(Lifecycle, JoinsAtOnceIfNeverStarted) {
    typename TypeParam::Server server;
    server.join();
    server.stop();
    server.join();
}

TYPED_TEST(Lifecycle, JoinsTwiceAndFromTwoThreads) {
    typename TypeParam::Server server;
    server.start();
    std::thread other([&] { server.join(); });
    server.stop();
    server.join();
    other.join();
    server.join();
}

TYPED_TEST(Lifecycle, JoinInAHookThrows) {
    std::unique_ptr<Running<typename TypeParam::Server>> server;
    Hooks<typename TypeParam::Handler> hooks;
    hooks.message = [&](auto&, json&) -> std::optional<json> {
        try {
            server->join();
        } catch (const UsageError&) {
            return "refused";
        }
        return "joined itself";
    };
    server = std::make_unique<Running<typename TypeParam::Server>>(jsocket::ServerOptions{}, hooks);
    EXPECT_EQ(connected_client(server->port()).request(1), "refused");
}

TYPED_TEST(Lifecycle, RefusesConnectionsAfterItsEnd) {
    typename TypeParam::Server server;
    server.start();
    server.stop();
    server.join();
    EXPECT_ANY_THROW(RawPeer::connect(server.port()));
}

TYPED_TEST(Lifecycle, GivesItsPortToTheNextServerAtOnce) {
    auto first = std::make_unique<Running<typename TypeParam::Server>>();
    const std::uint16_t port = first->port();
    jsocket::JsonClient client = connected_client(port);
    EXPECT_EQ(client.request(1), 1);
    first.reset();  // closed first by the server: its side of the connection is in TIME_WAIT

    const Running<typename TypeParam::Server> second({.port = port});
    EXPECT_EQ(second.port(), port);
    EXPECT_THROW(client.read_obj(), jsocket::ConnectionClosed);
    client.connect();
    EXPECT_EQ(client.request(2), 2);
}

TYPED_TEST(Lifecycle, ThrowsConnectErrorIfThePortIsTaken) {
    const typename TypeParam::Server first;
    try {
        const typename TypeParam::Server second({.port = first.port()});
        FAIL() << "two servers on one port";
    } catch (const jsocket::ConnectError& error) {
        EXPECT_EQ(error.code(), std::errc::address_in_use);
        EXPECT_EQ(error.endpoint(), first.endpoint());
    }
}

TYPED_TEST(Lifecycle, ThrowsUsageErrorForAnOptionOutOfItsRange) {
    using Server = typename TypeParam::Server;
    using Change = std::function<void(ServerOptions&)>;
    static constexpr std::chrono::milliseconds zero(0);
    const std::pair<const char*, Change> cases[] = {
        {"max_message_size", [](auto& o) { o.limits.max_message_size = 0; }},
        {"max_message_size",
         [](auto& o) { o.limits.max_message_size = jsocket::largest_automatic_message + 1; }},
        {"max_depth", [](auto& o) { o.limits.max_depth = 0; }},
        {"max_elements", [](auto& o) { o.limits.max_elements = 0; }},
        {"accept_timeout", [](auto& o) { o.accept_timeout = zero; }},
        {"recv_timeout", [](auto& o) { o.recv_timeout = std::chrono::milliseconds(-1); }},
        {"send_timeout", [](auto& o) { o.send_timeout = zero; }},
        {"message_deadline", [](auto& o) { o.message_deadline = zero; }},
        {"idle_timeout", [](auto& o) { o.idle_timeout = zero; }},
        {"drain_timeout", [](auto& o) { o.drain_timeout = zero; }},
        {"spin", [](auto& o) { o.spin = std::chrono::seconds(2); }},
        {"max_connections", [](auto& o) { o.max_connections = 0; }},
        {"stack_size", [](auto& o) { o.stack_size = 1024; }},
        {"allowed_uids", [](auto& o) { o.allowed_uids = {0}; }},
        {"tls.certificate", [](auto& o) { o.tls.emplace(); }},
        {"tls.client_ca",
         [](auto& o) {
             o.tls.emplace().client_ca = "clients.pem";
             o.tls->plain_too = true;
         }},
        {"tls.handshake_timeout", [](auto& o) { o.tls.emplace().handshake_timeout = zero; }},
    };
    for (const auto& [name, change] : cases) {
        ServerOptions options;
        change(options);
        const auto error = error_of<UsageError>([&] { Server server(options); });
        EXPECT_THAT(error->what(), HasSubstr(name));
    }
}

TYPED_TEST(Lifecycle, KeepsThreadsAndDescriptorsFlatOverManyClients) {
    const Running<typename TypeParam::Server> server;
    const auto visit = [&](int times) {
        for (int i = 0; i < times; ++i) {
            RawPeer client = RawPeer::connect(server.port());
            client.send(prefix_frame("1"));
            ASSERT_EQ(client.receive_prefix_frame(), "1") << "visit number " << i;
        }
    };
    const auto all_gone = [&] { return server.client_stats().connected_clients == 0; };
    visit(20);
    ASSERT_TRUE(wait_until(all_gone));
    const std::size_t threads = thread_count();
    const std::size_t descriptors = open_descriptors().size();

    visit(500);
    ASSERT_TRUE(wait_until(all_gone));
    // A thread that has just finished may wait a moment for the next client.
    EXPECT_TRUE(wait_until([&] { return thread_count() <= threads; })) << thread_count();
    EXPECT_TRUE(wait_until([&] { return open_descriptors().size() <= descriptors; }));
}

TYPED_TEST(Lifecycle, ReleasesTheDescriptorOfAClientThatHasLeft) {
    const Running<typename TypeParam::Server> server;
    const std::size_t before = open_descriptors().size();
    for (int i = 0; i < 3; ++i) connected_client(server.port()).request(i);
    // Served by a thread that has served others before.
    RawPeer stays = RawPeer::connect(server.port());
    stays.send(prefix_frame("1"));
    EXPECT_EQ(stays.receive_prefix_frame(), "1");
    EXPECT_TRUE(wait_until([&] { return open_descriptors().size() == before + 2; }))
        << open_descriptors().size() << " are open; there were " << before << ", and both ends";
}

TYPED_TEST(Lifecycle, LeavesNoThreadsAndDescriptorsBehind) {
    { const Running<typename TypeParam::Server> first; }
    const std::size_t threads = thread_count();
    const std::size_t descriptors = open_descriptors().size();
    for (int i = 0; i < 50; ++i) {
        const Running<typename TypeParam::Server> server;
        EXPECT_EQ(connected_client(server.port()).request(i), i);
    }
    EXPECT_EQ(open_descriptors().size(), descriptors);
    // One that has been joined may still be listed for a moment, now as well as above.
    EXPECT_TRUE(wait_until([&] { return thread_count() <= threads; })) << thread_count();
}

TYPED_TEST(Lifecycle, LetsNoStartedProgramInheritItsDescriptors) {
    const std::set<int> before = inheritable_descriptors();
    const Running<typename TypeParam::Server> server;
    jsocket::JsonClient client = connected_client(server.port());
    EXPECT_EQ(client.request(1), 1);
    EXPECT_EQ(inheritable_descriptors(), before);
}

TEST(ThreadedServer, ServesTheSecondClientAfterTheFirstLeaves) {
    const Running<ScriptedServer> server;
    jsocket::JsonClient first = connected_client(server.port());
    EXPECT_EQ(first.request("first"), "first");
    RawPeer second = RawPeer::connect(server.port());
    second.send(prefix_frame("\"second\""));
    EXPECT_EQ(first.request("again"), "again");
    EXPECT_FALSE(second.readable(std::chrono::milliseconds(20))) << "one client at a time";
    first.close();
    EXPECT_EQ(second.receive_prefix_frame(), "\"second\"");
}

TEST(ThreadedServer, KnowsWhetherAClientIsConnected) {
    const Running<ScriptedServer> server;
    EXPECT_FALSE(server.connected());
    jsocket::JsonClient client = connected_client(server.port());
    EXPECT_TRUE(wait_until([&] { return server.connected(); }));
    client.close();
    EXPECT_TRUE(wait_until([&] { return !server.connected(); }));
}

}  // namespace
