// SPDX-License-Identifier: Apache-2.0
#include "integration/tls_fixture.hpp"

#include <future>
#include <vector>

/// Handshakes that do not come to their end.
namespace {

using namespace test_support;
using testing::HasSubstr;

/// How far a client has got.
enum class Point {
    connected,
    half_hello,
    hello,        // the server's answer is on its way
    half_finish,  // and has been answered in part
    ready,
};

constexpr Point all_points[] = {Point::connected, Point::half_hello, Point::hello,
                                Point::half_finish, Point::ready};

/// The point of a handshake that a server would wait at without end.
constexpr Point stalled_points[] = {Point::connected, Point::half_hello, Point::hello,
                                    Point::half_finish};

TlsPeer peer_at(Point point, std::uint16_t port, int version = TLS1_3_VERSION) {
    TlsPeer peer(RawPeer::connect(port), {.version = version});
    const std::string hello = peer.advance();
    if (point == Point::connected) return peer;
    peer.raw().send(hello.substr(0, point == Point::half_hello ? hello.size() / 2 : hello.size()));
    if (point == Point::half_hello || point == Point::hello) return peer;
    std::string finish;
    while (finish.empty()) {
        peer.pull();
        finish = peer.advance();
    }
    peer.raw().send(finish.substr(0, finish.size() / (point == Point::ready ? 1 : 2)));
    while (point == Point::ready && !peer.ready()) {  // TLS 1.2: the server's turn
        peer.pull();
        peer.advance();
    }
    return peer;
}

template <typename Kind>
class TlsHandshake : public TlsOfBothKinds<Kind> {
  protected:
    /// A server that cuts handshakes soon.
    ServerOptions hurried_options() const {
        ServerOptions options = this->server_options();
        options.tls->handshake_timeout = milliseconds(200);
        return options;
    }
};
TYPED_TEST_SUITE(TlsHandshake, BothKinds, KindNames);

TYPED_TEST(TlsHandshake, IsCutIfItStalls) {
    for (const Point point : stalled_points) {
        typename TestFixture::Server server(this->hurried_options());
        const Stopwatch stopwatch;
        TlsPeer peer = peer_at(point, server.port());
        this->expect_one(server, Failure::timeout);
        EXPECT_GE(stopwatch.elapsed(), milliseconds(190));
        EXPECT_NO_THROW(peer.raw().receive_until_end());
        peer.raw().close();
        EXPECT_EQ(this->connected(server.port()).request(1), 1);
    }
}

TYPED_TEST(TlsHandshake, IsCutIfItTrickles) {
    typename TestFixture::Server server(this->hurried_options());
    TlsPeer peer(RawPeer::connect(server.port()));
    const std::string hello = peer.advance();
    const Stopwatch stopwatch;
    bool cut = false;
    // Not all of it: it would be over.
    for (std::size_t i = 0; !cut && i + 1 < hello.size() && stopwatch.elapsed() < patience; ++i) {
        try {
            peer.raw().send(hello.substr(i, 1));
        } catch (const std::exception&) {
            cut = true;
        }
        cut = cut || peer.raw().readable(milliseconds(20));
    }
    EXPECT_TRUE(cut);
    EXPECT_GE(stopwatch.elapsed(), milliseconds(190));
    this->expect_one(server, Failure::timeout);
}

TYPED_TEST(TlsHandshake, OfAPeerThatVanishesIsGivenUp) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const Point point : all_points) {
            typename TestFixture::Server server(this->server_options());
            TlsPeer peer = peer_at(point, server.port(), version);
            ASSERT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 1; }));
            peer.raw().reset();
            this->expect_one(server, Failure::reset);
            EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
        }
    }
}

TYPED_TEST(TlsHandshake, OfAPeerThatLeavesIsNoFailure) {
    for (const Point point : all_points) {
        Journal journal;
        Hooks<typename TestFixture::Handler> hooks;
        hooks.connect = [&](auto&) { journal.add("connect"); };
        hooks.disconnect = [&](auto&) { journal.add("disconnect"); };
        typename TestFixture::Server server(this->server_options(), hooks);
        TlsPeer peer = peer_at(point, server.port());
        peer.raw().finish_writing();
        peer.raw().receive_until_end();
        server.stop();
        server.join();
        EXPECT_EQ(failures(server.client_stats()), 0u);
        const std::vector<std::string> both{"connect", "disconnect"};
        EXPECT_EQ(journal.entries(), point == Point::ready ? both : std::vector<std::string>());
    }
}

TYPED_TEST(TlsHandshake, DoesNotDelayStop) {
    for (const Point point : stalled_points) {
        EXPECT_TRUE(once_within(milliseconds(100), [&] {
            typename TestFixture::Server server(this->server_options());
            std::vector<TlsPeer> peers;
            for (int i = 0; i < 3; ++i) peers.push_back(peer_at(point, server.port()));
            wait_until([&] { return server.client_stats().connected_clients > 0; });
            const Stopwatch stopwatch;
            server.stop();
            server.join();
            EXPECT_EQ(failures(server.client_stats()), 0u);
            return stopwatch.elapsed();
        }));
        if (std::is_same_v<TypeParam, Threaded>) break;  // serves one, and the others hang there
    }
}

TYPED_TEST(TlsHandshake, IsNotToBeHadWithPlainText) {
    for (const Framing framing : all_formats) {
        typename TestFixture::Server server(this->server_options());
        RawPeer plain = RawPeer::connect(server.port());
        plain.send(frame(framing, "[\"secret\"]"));
        EXPECT_EQ(plain.receive_until_end(), "") << "not even a reason, which it would not see";
        this->expect_one(server, Failure::tls);
    }
}

TYPED_TEST(TlsHandshake, OfAnOldVersionIsRefused) {
    typename TestFixture::Server server(this->server_options());
    TlsPeer old(RawPeer::connect(server.port()), {.version = TLS1_1_VERSION});
    EXPECT_THAT(error_of<std::runtime_error>([&] { old.handshake(); })->what(),
                HasSubstr("protocol version"));
    this->expect_one(server, Failure::tls);
}

TYPED_TEST(TlsHandshake, WithGarbageIsRefused) {
    typename TestFixture::Server server(this->server_options());
    RawPeer peer = RawPeer::connect(server.port());
    peer.send("\x16garbage" + std::string(1'000, 'x'));
    const std::string answer = peer.receive_until_end();
    EXPECT_TRUE(answer.empty() || answer[0] == '\x15') << "nothing but an alert";
    this->expect_one(server, Failure::tls);
}

TYPED_TEST(TlsHandshake, MayNotBeWaitedForWithoutAWordWherePlainOnesShareThePort) {
    ServerOptions options = this->hurried_options();
    options.tls->plain_too = true;
    typename TestFixture::Server server(options);
    RawPeer silent = RawPeer::connect(server.port());
    EXPECT_TRUE(silent.closed_by_peer());
    this->expect_one(server, Failure::timeout);
}

TYPED_TEST(TlsHandshake, NeedsAServerThatSpeaksTls) {
    typename TestFixture::Server server;
    EXPECT_THAT(this->refusal(this->client_options(server.port())),
                HasSubstr("does it speak TLS?"));
    this->expect_one(server, Failure::bad_header);
}

class TlsHandshakes : public Tls {};

TEST_F(TlsHandshakes, ThatStallDoNotHoldUpOtherClients) {
    EchoFactory server(server_options());
    std::vector<TlsPeer> stuck;
    for (int i = 0; i < 5; ++i) {
        for (const Point point : stalled_points) stuck.push_back(peer_at(point, server.port()));
    }
    EXPECT_TRUE(once_within(milliseconds(500), [&] {
        const Stopwatch stopwatch;
        JsonClient client = connected(server.port());
        for (int i = 1; i <= 20; ++i) EXPECT_EQ(client.request(i), i);
        return stopwatch.elapsed();
    }));
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_F(TlsHandshakes, OfAClientEndAtItsTimeOut) {
    RawListener silent;
    auto options = client_options(silent.port());
    options.tls->handshake_timeout = milliseconds(100);
    JsonClient client(options);
    const Stopwatch stopwatch;
    const auto error = error_of<jsocket::ConnectError>([&] { client.connect(); });
    EXPECT_GE(stopwatch.elapsed(), milliseconds(95));
    EXPECT_EQ(error->code(), std::errc::timed_out);
    EXPECT_THAT(error->what(), HasSubstr("TLS handshake"));
    options.tls->handshake_timeout = jsocket::no_timeout;
    options.retry.deadline = milliseconds(100);
    EXPECT_THROW(JsonClient(options).connect(), jsocket::ConnectError);
}

TEST_F(TlsHandshakes, OfAClientEndWhenItIsClosed) {
    RawListener silent;
    EXPECT_TRUE(once_within(milliseconds(100), [&] {
        JsonClient client(client_options(silent.port()));
        auto connecting =
            waiting([&] { EXPECT_THROW(client.connect(), jsocket::ConnectionClosed); });
        RawPeer server = silent.accept();
        server.receive(1);
        const Stopwatch stopwatch;
        client.close();
        connecting.get();
        return stopwatch.elapsed();
    }));
}

}  // namespace
