// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

template <typename Kind>
class Timeout : public testing::Test {
  public:
    using Server = Running<typename Kind::Server>;

  protected:
    static void expect_one(const Server& server, Failure failure) {
        EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
        EXPECT_EQ(failures(server.client_stats(), failure), 1u);
    }
};
TYPED_TEST_SUITE(Timeout, BothKinds, KindNames);

TYPED_TEST(Timeout, SparesAClientThatIsIdleBetweenMessages) {
    typename TestFixture::Server server(
        ServerOptions{.recv_timeout = milliseconds(20), .message_deadline = milliseconds(40)});
    for (const Framing framing : all_formats) {
        RawPeer peer = RawPeer::connect(server.port());
        EXPECT_FALSE(peer.readable(milliseconds(100))) << "before the first message";
        peer.send(frame(framing, "1"));
        EXPECT_EQ(receive_frame(peer, framing), "1");
        EXPECT_FALSE(peer.readable(milliseconds(100))) << "after it";
        peer.send(frame(framing, "2"));
        EXPECT_EQ(receive_frame(peer, framing), "2");
    }
    EXPECT_EQ(failures(server.client_stats()), 0u) << "waiting is no failure";
}

TYPED_TEST(Timeout, OfIdlenessCutsWhoIsIdleAndNobodyElse) {
    typename TestFixture::Server server(ServerOptions{.idle_timeout = milliseconds(150)});
    RawPeer busy = RawPeer::connect(server.port());
    const Stopwatch stopwatch;
    while (stopwatch.elapsed() < milliseconds(400)) {
        busy.send(prefix_frame("1"));
        EXPECT_EQ(busy.receive_prefix_frame(), "1");
        EXPECT_FALSE(busy.readable(milliseconds(10)));
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
    EXPECT_TRUE(busy.closed_by_peer()) << "now that it is idle";
    this->expect_one(server, Failure::timeout);
    busy.close();
    RawPeer silent = RawPeer::connect(server.port());
    EXPECT_TRUE(silent.closed_by_peer()) << "one that never says anything";
}

TYPED_TEST(Timeout, ClosesAfterSilenceWithinAMessage) {
    for (const Framing framing : all_formats) {
        typename TestFixture::Server server(ServerOptions{.recv_timeout = milliseconds(50)});
        RawPeer peer = RawPeer::connect(server.port());
        const std::string message = frame(framing, "[1,2,3]");
        const Stopwatch stopwatch;
        peer.send(message.substr(0, message.size() - 2));
        EXPECT_EQ(peer.receive_until_end(), "");
        EXPECT_GE(stopwatch.elapsed(), milliseconds(45));
        this->expect_one(server, Failure::timeout);
    }
}

TYPED_TEST(Timeout, OfAMessageCutsAClientThatTrickles) {
    typename TestFixture::Server server(
        ServerOptions{.recv_timeout = 2 * patience, .message_deadline = milliseconds(200)});
    RawPeer peer = RawPeer::connect(server.port());
    const Stopwatch stopwatch;
    peer.send(big_endian(1'000'000));
    bool cut = false;
    while (!cut && stopwatch.elapsed() < patience) {
        try {
            peer.send(" ");
        } catch (const std::exception&) {
            cut = true;
        }
        cut = cut || peer.readable(milliseconds(5));
    }
    EXPECT_TRUE(cut);
    EXPECT_GE(stopwatch.elapsed(), milliseconds(195));
    this->expect_one(server, Failure::timeout);
    peer.close();
    EXPECT_EQ(connected_client(server.port()).request(1), 1);
}

TYPED_TEST(Timeout, OfAMessageBeginsAnewWithEachMessage) {
    typename TestFixture::Server server(
        ServerOptions{.recv_timeout = patience, .message_deadline = milliseconds(300)});
    RawPeer peer = RawPeer::connect(server.port());
    const std::string message = prefix_frame("[1]");
    const Stopwatch stopwatch;
    // Each write ends one message and begins the next, so that one has always begun.
    peer.send(message.substr(0, 5));
    while (stopwatch.elapsed() < milliseconds(500)) {
        peer.send(message.substr(5) + message.substr(0, 5));
        ASSERT_EQ(peer.receive_prefix_frame(), "[1]");
        EXPECT_FALSE(peer.readable(milliseconds(5)));
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(Timeout, MayBeSwitchedOff) {
    typename TestFixture::Server server(ServerOptions{.recv_timeout = jsocket::no_timeout,
                                                      .send_timeout = jsocket::no_timeout,
                                                      .message_deadline = jsocket::no_timeout});
    RawPeer peer = RawPeer::connect(server.port());
    const std::string message = prefix_frame("[1]");
    for (const char byte : message) {
        peer.send(std::string(1, byte));
        if (byte == message.back()) break;
        EXPECT_FALSE(peer.readable(milliseconds(5)));
    }
    EXPECT_EQ(peer.receive_prefix_frame(), "[1]");
}

TYPED_TEST(Timeout, CutsAClientThatDoesNotRead) {
    typename TestFixture::Server server(ServerOptions{.send_timeout = milliseconds(100)},
                                        big_replies<typename TypeParam::Handler>());
    RawPeer peer = RawPeer::connect(Address::ipv4(server.port()), 4096);
    const Stopwatch stopwatch;
    peer.send(prefix_frame("1") + prefix_frame("0"));
    this->expect_one(server, Failure::bad_write);
    EXPECT_GE(stopwatch.elapsed(), milliseconds(95));
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    peer.close();
    EXPECT_EQ(connected_client(server.port()).request(1), 1);
}

TYPED_TEST(Timeout, SparesAClientThatReadsSlowly) {
    typename TestFixture::Server server(ServerOptions{.send_timeout = milliseconds(800)},
                                        big_replies<typename TypeParam::Handler>());
    RawPeer peer = RawPeer::connect(Address::ipv4(server.port()), 4096);
    peer.send(prefix_frame("0"));
    ASSERT_TRUE(peer.readable(patience));
    // Steadily, but slower than the time-out would allow for the whole.
    constexpr std::size_t size = 4 + 9'000'002;
    constexpr milliseconds whole(1200);
    const Stopwatch stopwatch;
    std::size_t received = 0;
    while (received < size) {
        std::size_t due = 0;
        wait_until([&] {
            due = static_cast<std::size_t>(std::min(stopwatch.elapsed(), whole).count()) * size /
                  static_cast<std::size_t>(whole.count());
            return due > received;
        });
        const std::size_t step = peer.receive(due - received).size();
        ASSERT_GT(step, 0u) << "closed after " << received << " bytes";
        received += step;
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST(TimeoutOfPush, CutsTheClientThatDoesNotReadAndReachesTheOthers) {
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.send_timeout = milliseconds(100)});
    JsonClient first = connected_client(server.port());
    ASSERT_TRUE(wait_until([&] { return server.active() == 1; }));
    RawPeer deaf = RawPeer::connect(Address::ipv4(server.port()), 4096);
    ASSERT_TRUE(wait_until([&] { return server.active() == 2; }));
    JsonClient last = connected_client(server.port());
    ASSERT_TRUE(wait_until([&] { return server.active() == 3; }));

    std::size_t reached = 3;
    int broadcasts = 0;
    const json news = std::string(1'000'000, 'x');
    while (reached == 3 && broadcasts < 100) {
        reached = server.broadcast(news);
        ++broadcasts;
        EXPECT_EQ(first.read_payload().size(), 1'000'002u);
        EXPECT_EQ(last.read_payload().size(), 1'000'002u);
    }
    EXPECT_EQ(reached, 2u);
    EXPECT_TRUE(wait_until([&] { return server.active() == 2; }));
    EXPECT_EQ(first.request(1), 1);
    EXPECT_EQ(last.request(1), 1);
}

TEST(TimeoutOfPush, ThrowsAndDisconnectsTheClient) {
    Running<ScriptedServer> server(ServerOptions{.send_timeout = milliseconds(100)});
    RawPeer deaf = RawPeer::connect(Address::ipv4(server.port()), 4096);
    ASSERT_TRUE(wait_until([&] { return server.connected(); }));
    EXPECT_THROW(
        {
            for (int i = 0; i < 100; ++i) server.send_obj(std::string(1'000'000, 'x'));
        },
        jsocket::TimeoutError);
    EXPECT_TRUE(wait_until([&] { return !server.connected(); }));
    EXPECT_EQ(connected_client(server.port()).request(1), 1);
}

TEST(TimeoutOfOneClient, DoesNotHoldUpTheOthers) {
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.recv_timeout = patience},
                                                  big_replies<ScriptedWorker>());
    std::vector<RawPeer> stuck;
    for (int i = 0; i < 20; ++i) {
        stuck.push_back(RawPeer::connect(server.port()));
        stuck.back().send(big_endian(1000));
    }
    RawPeer deaf = RawPeer::connect(Address::ipv4(server.port()), 4096);
    deaf.send(prefix_frame("0"));
    EXPECT_TRUE(once_within(milliseconds(500), [&] {
        const Stopwatch stopwatch;
        JsonClient client = connected_client(server.port());
        for (int i = 1; i <= 20; ++i) EXPECT_EQ(client.request(i), i);
        return stopwatch.elapsed();
    }));
}

TYPED_TEST(Timeout, HasNoPartInAHalfClose) {
    for (const Framing framing : all_formats) {
        typename TestFixture::Server server;
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(frame(framing, "1") + frame(framing, "2"));
        peer.finish_writing();
        EXPECT_EQ(peer.receive_until_end(), frame(framing, "1") + frame(framing, "2"));
        EXPECT_EQ(failures(server.client_stats()), 0u);
    }
}

}  // namespace
