// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/error_of.hpp"
#include "support/leak_check.hpp"
#include "support/raw_peer.hpp"
#include "support/temporary_directory.hpp"

#include <jsocket/testing/fault_proxy.hpp>
#include <jsocket/testing/test_server.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::json;
using jsocket::testing::Direction;
using jsocket::testing::FaultProxy;
using jsocket::testing::FaultProxyOptions;
using jsocket::testing::LinkFaults;
using jsocket::testing::ProxyEvent;
using jsocket::testing::TestServer;
using jsocket::testing::Transcript;
using test_support::connected_client;
using test_support::crc_frame;
using test_support::error_of;
using test_support::failures;
using test_support::patience;
using test_support::RawListener;
using test_support::RawPeer;
using test_support::ScriptedWorker;
using test_support::Stopwatch;
using test_support::TemporaryDirectory;
using test_support::wait_until;

using Server = jsocket::Running<jsocket::ServerFactory<ScriptedWorker>>;

/// An echo server of the library behind a proxy.
struct Proxy : test_support::LeakCheck {
    void start(FaultProxyOptions options) {
        options.to = server->endpoint();
        options.complain = [this](const std::string& problem) { problems.add(problem); };
        proxy.emplace(std::move(options));
    }

    bool counted(Failure kind, std::uint64_t count) {
        return wait_until([&] { return failures(server->client_stats(), kind) == count; });
    }

    test_support::Journal problems;
    std::optional<Server> server{std::in_place};
    std::optional<FaultProxy> proxy;
};

/// A proxy between two sockets of the test.
struct RawProxy : test_support::LeakCheck {
    void start(FaultProxyOptions options = {}) {
        options.to = "127.0.0.1:" + std::to_string(listener.port());
        proxy.emplace(std::move(options));
        client.emplace(RawPeer::connect(proxy->port()));
        server.emplace(listener.accept());
    }

    RawListener listener;
    std::optional<FaultProxy> proxy;
    std::optional<RawPeer> client;
    std::optional<RawPeer> server;
};

/// The error that reading from `peer`, which has nothing more to read, ends with; 0 for none.
int end_of(RawPeer& peer) {
    if (!peer.readable(patience)) return -1;
    char byte;
    return ::recv(peer.fd(), &byte, 1, MSG_DONTWAIT) < 0 ? errno : 0;
}

TEST_F(Proxy, WithoutFaultsIsNotToBeNoticed) {
    start({});
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        jsocket::JsonClient client = connected_client(proxy->port(), framing);
        const json message{{"text", std::string(300'000, 'x')}};
        EXPECT_EQ(client.request(message), message);
    }
    EXPECT_EQ(problems.size(), 0U);
}

TEST_F(Proxy, ServesManyConnectionsAtOnce) {
    start({});
    std::vector<RawPeer> clients;
    for (int i = 0; i < 20; ++i) clients.push_back(RawPeer::connect(proxy->port()));
    for (RawPeer& client : clients) client.send("1\n");
    for (RawPeer& client : clients) EXPECT_EQ(client.receive(2), "1\n");
}

TEST_F(Proxy, RefusesClientsBeyondItsLimitUntilOneLeaves) {
    start({.max_connections = 2});
    std::vector<RawPeer> clients;
    for (int i = 0; i < 2; ++i) {
        clients.push_back(RawPeer::connect(proxy->port()));
        clients.back().send("1\n");
        EXPECT_EQ(clients.back().receive(2), "1\n");
    }
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(RawPeer::connect(proxy->port()).closed_by_peer());
    EXPECT_EQ(proxy->refused_connections(), 3U);
    clients.pop_back();
    EXPECT_TRUE(wait_until([&] {
        RawPeer next = RawPeer::connect(proxy->port());
        return !next.readable(std::chrono::milliseconds(20));
    }));
    clients.front().send("2\n");
    EXPECT_EQ(clients.front().receive(2), "2\n");
}

TEST_F(Proxy, FlipsABitThatTheServersChecksumFinds) {
    start({.up = {.flip_bit = 8 * 12}});
    RawPeer client = RawPeer::connect(proxy->port());
    client.send(crc_frame("[1]"));
    EXPECT_TRUE(client.closed_by_peer());
    EXPECT_TRUE(counted(Failure::bad_crc, 1));
}

TEST_F(Proxy, FlipsABitThatTheClientsChecksumFinds) {
    start({.down = {.flip_bit = 8 * 12 + 7}});
    jsocket::JsonClient client = connected_client(proxy->port(), Framing::crc);
    const auto error = error_of<jsocket::FramingError>([&] { client.request(1); });
    EXPECT_EQ(error->kind(), jsocket::FramingError::Kind::bad_checksum);
    EXPECT_EQ(failures(server->client_stats(), Failure::bad_crc), 0U);
}

TEST_F(Proxy, FlipsABitOfTheMessageAskedForOnly) {
    start({.up = {.flip_bit = 8 * 12, .message = 3}});
    jsocket::JsonClient client = connected_client(proxy->port(), Framing::crc);
    EXPECT_EQ(client.request("first"), "first");
    EXPECT_EQ(client.request("second"), "second");
    EXPECT_THROW(client.request("third"), jsocket::ConnectionError);
    EXPECT_TRUE(counted(Failure::bad_crc, 1));
}

TEST_F(Proxy, HasEveryBitOfAFrameFlippedWithoutTheHandlerSeeingOne) {
    std::atomic<int> handled{0};
    test_support::Hooks<ScriptedWorker> hooks;
    hooks.payload = [&](std::string_view, std::string&) { ++handled; };
    server.reset();
    server.emplace(jsocket::ServerOptions{.recv_timeout = 50ms}, hooks);
    const std::string frame = crc_frame("[1]");
    for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
        proxy.reset();
        start({.up = {.flip_bit = bit}});
        RawPeer client = RawPeer::connect(proxy->port());
        client.send(frame);
        EXPECT_TRUE(client.closed_by_peer()) << "bit " << bit;
    }
    EXPECT_EQ(failures(server->client_stats()), 8 * frame.size());
    EXPECT_EQ(handled, 0);
}

TEST_F(Proxy, CutsARequestWithinSoThatTheServerMissesItsRest) {
    start({.up = {.cut_after = 6}});
    jsocket::JsonClient client = connected_client(proxy->port());
    const auto error = error_of<jsocket::ConnectionClosed>([&] { client.request("request"); });
    EXPECT_FALSE(error->mid_message());
    EXPECT_TRUE(wait_until([&] { return failures(server->client_stats()) == 1; }));
}

TEST_F(Proxy, CutsAReplyWithinSoThatTheClientMissesItsRest) {
    start({.down = {.cut_after = 6}});
    jsocket::JsonClient client = connected_client(proxy->port());
    const auto error = error_of<jsocket::ConnectionClosed>([&] { client.request("request"); });
    EXPECT_TRUE(error->mid_message());
    EXPECT_TRUE(wait_until([&] { return server->client_stats().connected_clients == 0; }));
    EXPECT_EQ(failures(server->client_stats()), 0U);
}

TEST_F(Proxy, ResetsBothSides) {
    start({.down = {.reset_after = 6}});
    jsocket::JsonClient client = connected_client(proxy->port());
    const auto error = error_of<jsocket::ConnectionError>([&] { client.request("request"); });
    EXPECT_EQ(error->code(), std::errc::connection_reset);
    EXPECT_TRUE(counted(Failure::reset, 1));
}

TEST_F(Proxy, DelaysEveryMessageAndKeepsTheirOrder) {
    start({.up = {.delay = 30ms}, .down = {.delay = 20ms}});
    jsocket::JsonClient client = connected_client(proxy->port());
    const Stopwatch stopwatch;
    client.send_objs(std::vector<json>{1, 2, 3});
    for (int i = 1; i <= 3; ++i) EXPECT_EQ(client.read_obj(), i);
    EXPECT_GE(stopwatch.elapsed(), 50ms);
}

TEST_F(Proxy, TricklesSoSlowlyThatTheServerGivesUp) {
    server.reset();
    server.emplace(jsocket::ServerOptions{.message_deadline = 100ms});
    start({.up = {.trickle = 50}});
    jsocket::JsonClient client = connected_client(proxy->port());
    client.send_obj(std::string(1000, 'x'));
    EXPECT_THROW(client.read_obj(), jsocket::ConnectionError);
    EXPECT_TRUE(counted(Failure::timeout, 1));
}

TEST_F(Proxy, WritesByteByByteWhatTheOtherSideReadsAsIfItWereWhole) {
    start({.up = {.chunk = 1}, .down = {.chunk = 1}});
    jsocket::JsonClient client = connected_client(proxy->port());
    const json message(std::string(3000, 'x'));
    EXPECT_EQ(client.request(message), message);
}

TEST_F(Proxy, ClosesTheClientAndComplainsIfTheServerIsNotThere) {
    start({});
    server.reset();
    RawPeer client = RawPeer::connect(proxy->port());
    EXPECT_TRUE(client.closed_by_peer());
    ASSERT_TRUE(wait_until([&] { return problems.size() == 1; }));
    EXPECT_NE(problems.entries()[0].find("refused"), std::string::npos) << problems.entries()[0];
}

TEST_F(RawProxy, PassesOnBytesThatAreNoMessage) {
    start({.up = {.message = 7}, .observe = [](const ProxyEvent&) {}});
    const std::string nonsense("GET / HTTP/1.1\r\n\0\xff", 18);
    client->send(nonsense);
    EXPECT_EQ(server->receive(nonsense.size()), nonsense);
    server->send("\x16\x03");
    EXPECT_EQ(client->receive(2), "\x16\x03");
}

TEST_F(RawProxy, PassesOnTheFirstBytesOfAMessageAtOnce) {
    start({.observe = [](const ProxyEvent&) {}});
    client->send(std::string("\0\0", 2));
    EXPECT_EQ(server->receive(2), std::string("\0\0", 2));
}

TEST_F(RawProxy, PassesOnAHalfCloseAndTheReplyToIt) {
    start();
    client->send("1\n");
    client->finish_writing();
    EXPECT_EQ(server->receive(3), "1\n");
    server->send("2\n");
    EXPECT_EQ(client->receive(2), "2\n");
    EXPECT_FALSE(client->readable(0ms));
    server->finish_writing();
    EXPECT_EQ(client->receive(1), "");
}

TEST_F(RawProxy, PassesOnAReset) {
    start();
    client->send("1");
    EXPECT_EQ(server->receive(1), "1");
    client->reset();
    EXPECT_EQ(end_of(*server), ECONNRESET);
}

TEST_F(RawProxy, ShowsTheEndOfTheStreamToBothSidesOfACut) {
    start({.up = {.cut_after = 2}});
    server->send("back");
    EXPECT_EQ(client->receive(4), "back");
    client->send("1234");
    EXPECT_EQ(server->receive(3), "12");
    EXPECT_EQ(client->receive(1), "");
}

TEST_F(RawProxy, ReadsOnAfterACutSoThatTheSenderSeesAnEndAndNoReset) {
    start({.up = {.cut_after = 2}});
    client->send(std::string(1024 * 1024, 'x'));
    EXPECT_EQ(end_of(*client), 0);
    EXPECT_EQ(server->receive_until_end(), "xx");
}

TEST_F(RawProxy, CutsBeforeTheFirstByteIfAskedTo) {
    start({.down = {.cut_after = 0}});
    EXPECT_EQ(server->receive(1), "");
    EXPECT_EQ(client->receive(1), "");
}

TEST_F(RawProxy, ResetsAfterTheExactByte) {
    start({.up = {.reset_after = 2}});
    client->send("1234");
    EXPECT_EQ(server->receive(2), "12");
    EXPECT_EQ(end_of(*server), ECONNRESET);
    EXPECT_EQ(end_of(*client), ECONNRESET);
}

TEST_F(RawProxy, StopsReadingWhenTheReceiverDoes) {
    start();
    // Each socket buffer holds some MiB at most; a proxy that went on reading would take all.
    const std::string bytes(1024 * 1024, 'x');
    std::size_t taken = 0;
    pollfd entry{client->fd(), POLLOUT, 0};
    while (::poll(&entry, 1, 300) == 1 && taken < 200 * bytes.size()) {
        const ssize_t sent =
            ::send(client->fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        ASSERT_TRUE(sent >= 0 || errno == EAGAIN);
        if (sent > 0) taken += static_cast<std::size_t>(sent);
    }
    EXPECT_LT(taken, 100 * bytes.size());
    client->finish_writing();
    EXPECT_EQ(server->receive(taken + 1).size(), taken);
}

TEST_F(RawProxy, StopsWhateverItWaitsFor) {
    start({.up = {.delay = 1h}, .down = {.trickle = 1}});
    client->send("1");
    server->send("123");
    EXPECT_EQ(client->receive(1), "1");
    const Stopwatch stopwatch;
    proxy->stop();
    EXPECT_LT(stopwatch.elapsed(), 3s);
    EXPECT_TRUE(server->closed_by_peer());
    proxy->stop();
}

TEST_F(RawProxy, StopsWithAReceiverThatDoesNotRead) {
    start({.up = {.chunk = 10}});
    pollfd entry{client->fd(), POLLOUT, 0};
    const std::string bytes(1024 * 1024, 'x');
    for (int i = 0; i < 200 && ::poll(&entry, 1, 300) == 1; ++i) {
        static_cast<void>(::send(client->fd(), bytes.data(), bytes.size(), MSG_DONTWAIT));
    }
    const Stopwatch stopwatch;
    proxy.reset();
    EXPECT_LT(stopwatch.elapsed(), patience);
}

TEST_F(RawProxy, SleepsUntilItIsTimeToPassAResetOn) {
    start({.up = {.delay = 1h}});
    client->send("1");
    server->send("2");
    EXPECT_EQ(client->receive(1), "2");
    client->reset();
    const std::clock_t before = std::clock();
    EXPECT_FALSE(server->readable(300ms));
    EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 50);
}

TEST_F(RawProxy, TellsOfAMessageThatWasNotWholeWhenItWasStopped) {
    test_support::Journal journal;
    start({.observe = [&](const ProxyEvent& event) { journal.add(std::string(event.bytes)); }});
    client->send("1\n[2");
    EXPECT_EQ(server->receive(4), "1\n[2");
    proxy->stop();
    EXPECT_EQ(journal.entries(), (std::vector<std::string>{"", "1", "[2", ""}));
}

TEST(ProxyOfATestServer, WritesTheTranscriptThatTheServerHas) {
    TestServer server([](json message) { return message; });
    Transcript transcript;
    FaultProxy proxy({.to = server.endpoint(),
                      .observe = [&](const ProxyEvent& event) { transcript.add(event); }});
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        jsocket::JsonClient client = connected_client(proxy.port(), framing);
        EXPECT_EQ(client.request({{"n", 1}}), (json{{"n", 1}}));
        client.close();
        server.wait_for_clients(0);
    }
    proxy.stop();
    EXPECT_NO_THROW(transcript.verify(server.transcript()));
    EXPECT_EQ(transcript.events().size(), 12U);
}

TEST_F(RawProxy, TellsWhatItSeesBeforeAnyFault) {
    test_support::Journal journal;
    start({.up = {.flip_bit = 0}, .observe = [&](const ProxyEvent& event) {
               const char* const kinds[] = {"connect", "message", "bytes", "finish", "close"};
               journal.add(std::to_string(event.connection) + ' ' +
                           kinds[static_cast<int>(event.kind)] +
                           (event.direction == Direction::up ? " up " : " down ") +
                           std::string(to_string(event.framing)) + ' ' + std::string(event.bytes));
           }});
    client->send(crc_frame("[1]"));
    EXPECT_EQ(server->receive(crc_frame("[1]").size()).front(), 'J' ^ 1);
    server->send("2\n3");
    EXPECT_EQ(client->receive(3), "2\n3");
    server->finish_writing();
    EXPECT_EQ(client->receive(1), "");
    client->finish_writing();
    ASSERT_TRUE(wait_until([&] { return journal.size() == 7; }));
    EXPECT_EQ(journal.entries(),
              (std::vector<std::string>{"1 connect up prefix ", "1 message up crc [1]",
                                        "1 message down lines 2", "1 bytes down lines 3",
                                        "1 finish down lines ", "1 finish up crc ",
                                        "1 close up prefix "}));
}

TEST(ProxyAddresses, MayBePathsOnBothSides) {
    const TemporaryDirectory directory;
    Server server({.address = "unix:" + directory / "server"});
    FaultProxy proxy({.to = server.endpoint(),
                      .listen = "unix:" + directory / "proxy",
                      .down = {.reset_after = 8}});
    EXPECT_EQ(proxy.endpoint(), "unix:" + directory / "proxy");
    RawPeer client = RawPeer::connect(directory / "proxy");
    client.send("[1]\n[2]\n[3]\n");
    EXPECT_EQ(client.receive(8), "[1]\n[2]\n");
    EXPECT_TRUE(client.closed_by_peer());
}

TEST(ProxyOptions, ThatAreWrongAreRefused) {
    const std::string to = "127.0.0.1:1";
    EXPECT_THROW(FaultProxy({.to = "nowhere"}), jsocket::UsageError);
    EXPECT_THROW(FaultProxy({.to = to, .listen = "127.0.0.1"}), jsocket::UsageError);
    EXPECT_THROW(FaultProxy({.to = to, .up = {.delay = -1ms}}), jsocket::UsageError);
    EXPECT_THROW(FaultProxy({.to = to, .max_message_size = 0}), jsocket::UsageError);
    EXPECT_THROW(FaultProxy({.to = to, .connect_timeout = -1ms}), jsocket::UsageError);
    EXPECT_THROW(FaultProxy({.to = to, .max_connections = 0}), jsocket::UsageError);
    const RawListener taken;
    EXPECT_THROW(FaultProxy({.to = to, .listen = "127.0.0.1:" + std::to_string(taken.port())}),
                 jsocket::ConnectError);
}

}  // namespace
