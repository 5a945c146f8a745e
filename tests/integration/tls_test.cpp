// SPDX-License-Identifier: Apache-2.0
#include "integration/tls_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace {

using namespace test_support;

template <typename Kind>
using TlsMessages = TlsOfBothKinds<Kind>;
TYPED_TEST_SUITE(TlsMessages, BothKinds, KindNames);

TYPED_TEST(TlsMessages, PassInEveryFraming) {
    typename TestFixture::Server server(this->server_options());
    for (const Framing framing : all_formats) {
        auto options = this->client_options(server.port());
        options.framing = framing;
        JsonClient client = this->connected(options);
        for (int i = 0; i < 100; ++i) EXPECT_EQ(client.request({i, "text"}), (json{i, "text"}));
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(TlsMessages, PassInBothVersionsOfTls) {
    typename TestFixture::Server server(this->server_options());
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TlsPeer peer = this->peer(server.port(), {.version = version});
        peer.send(prefix_frame("[1]"));
        EXPECT_EQ(peer.receive(7), prefix_frame("[1]"));
        peer.raw().send(peer.close_notify());
        EXPECT_EQ(peer.receive_until_end(), "");
        EXPECT_TRUE(peer.saw_close_notify()) << "the server says when it closes, too";
        EXPECT_EQ(peer.wire().find("[1]"), std::string::npos) << "somebody could read it";
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(TlsMessages, MayBeBigInBothDirections) {
    typename TestFixture::Server server(this->server_options());
    JsonClient client = this->connected(server.port());
    std::string text(5'000'000, ' ');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
    EXPECT_TRUE(client.request(text) == json(text));
    EXPECT_EQ(client.request(1), 1) << "and a small one after it";
}

TYPED_TEST(TlsMessages, MayComeManyInOneWrite) {
    typename TestFixture::Server server(this->server_options());
    JsonClient client = this->connected(server.port());
    const std::vector<json> messages(2'000, json{{"text", std::string(50, 'x')}});
    client.send_objs(messages);
    for (const json& message : messages) ASSERT_EQ(client.read_obj(), message);
    const jsocket::ServerStats stats = server.client_stats();
    EXPECT_EQ(stats.clients.begin()->second.messages_in, messages.size());
}

TYPED_TEST(TlsMessages, MayComeByteByByte) {
    typename TestFixture::Server server(this->server_options());
    TlsPeer peer(RawPeer::connect(server.port()));
    const auto trickle = [&](const std::string& bytes) {
        for (const char byte : bytes) peer.raw().send(std::string(1, byte));
    };
    trickle(peer.advance());
    while (!peer.ready()) {
        ASSERT_TRUE(peer.pull());
        trickle(peer.advance());
    }
    trickle(peer.encrypt(prefix_frame("[1]") + prefix_frame("[2]")));
    EXPECT_EQ(peer.receive(14), prefix_frame("[1]") + prefix_frame("[2]"));
}

/// A record is of no use before it is whole, but that it comes is progress.
TYPED_TEST(TlsMessages, MayComeInARecordThatTakesLongerThanTheReceiveTimeout) {
    ServerOptions options = this->server_options();
    options.recv_timeout = milliseconds(100);
    typename TestFixture::Server server(options);
    TlsPeer peer = this->peer(server.port(), {});
    const std::string message = prefix_frame('"' + std::string(14'000, 'x') + '"');
    peer.send(message.substr(0, 5));
    const std::string record = peer.encrypt(message.substr(5));
    const Stopwatch stopwatch;
    constexpr std::size_t piece = 400;
    std::size_t sent = 0;
    for (; sent + piece < record.size(); sent += piece) {
        peer.raw().send(std::string_view(record).substr(sent, piece));
        EXPECT_FALSE(peer.raw().readable(milliseconds(10)));
    }
    peer.raw().send(std::string_view(record).substr(sent));
    EXPECT_GT(stopwatch.elapsed(), 2 * options.recv_timeout);
    EXPECT_EQ(peer.receive(message.size()), message);
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(TlsMessages, PassOverAUnixSocket) {
    const TemporaryDirectory directory;
    ServerOptions options = this->mutual_options();
    options.address = "unix:" + (directory / "socket");
    jsocket::PeerCredentials seen;
    Hooks<typename TestFixture::Handler> hooks;
    hooks.connect = [&](auto& handler) { seen = handler.credentials(); };
    typename TestFixture::Server server(options, hooks);
    auto client_options = this->client_options(0, this->files.client_options(this->files.client));
    client_options.address = options.address;
    client_options.tls->host_name = "localhost";
    EXPECT_EQ(this->connected(client_options).request("hello"), "hello");
    server.stop();
    server.join();
    EXPECT_EQ(seen.uid, ::getuid());
    EXPECT_EQ(seen.certificate_subject, "CN=worker 7") << "beside what the kernel vouches for";
}

TYPED_TEST(TlsMessages, ShareThePortWithPlainOnesIfTheyMay) {
    ServerOptions options = this->server_options();
    options.tls->plain_too = true;
    typename TestFixture::Server server(options);
    for (const Framing framing : all_formats) {
        {
            RawPeer plain = RawPeer::connect(server.port());
            plain.send(frame(framing, "[1]") + frame(framing, "[2]"));
            EXPECT_EQ(receive_frame(plain, framing), "[1]");
            EXPECT_EQ(receive_frame(plain, framing), "[2]");
            const std::string message = frame(framing, "[3]");
            for (const char byte : message) plain.send(std::string(1, byte));
            EXPECT_EQ(receive_frame(plain, framing), "[3]");
        }
        auto encrypted = this->client_options(server.port());
        encrypted.framing = framing;
        EXPECT_EQ(this->connected(encrypted).request(4), 4);
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(TlsMessages, NeedNoMoreThanTheSmallestStack) {
    ServerOptions options = this->mutual_options();
    options.limits.max_depth = 1;
    options.stack_size = 64 * 1024 + 2 * 1024;
    typename TestFixture::Server server(options);
    JsonClient client = this->connected(
        this->client_options(server.port(), this->files.client_options(this->files.client)));
    EXPECT_EQ(client.request("hello"), "hello");
}

/// Every message that arrives at `client` up to `last`, in order for each thread that sent some:
/// [thread, number].
void expect_whole_and_in_order(JsonClient& client, int threads, int each) {
    std::vector<int> next(static_cast<std::size_t>(threads), 0);
    for (int i = 0; i < threads * each; ++i) {
        const json message = client.read_obj();
        int& expected = next.at(message.at(0).get<std::size_t>());
        ASSERT_EQ(message.at(1), expected);
        ++expected;
    }
}

json numbered(int thread, int number) {
    return {thread, number, std::string(static_cast<std::size_t>(number % 7) * 9'000, 'x')};
}

class TlsPushes : public Tls {};

TEST_F(TlsPushes, AndRepliesNeverInterleave) {
    EchoFactory server(server_options());
    JsonClient client = connected(server.port());
    EXPECT_EQ(client.request(0), 0);
    const jsocket::SessionId session = server.sessions().at(0);
    constexpr int each = 150;
    const auto push = [&](int thread, auto send) {
        return std::async(std::launch::async, [thread, send] {
            for (int i = 0; i < each; ++i) send(numbered(thread, i));
        });
    };
    const auto pushing = push(1, [&](const json& message) { server.send_obj(session, message); });
    const auto sharing = push(2, [&](const json& message) { server.broadcast(message); });
    const auto asking = push(0, [&](const json& message) { client.send_obj(message); });
    expect_whole_and_in_order(client, 3, each);
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_F(TlsPushes, GoOnWhileTheServerStops) {
    for (int round = 0; round < 5; ++round) {
        EchoFactory server(server_options());
        std::vector<std::future<void>> clients;
        clients.reserve(4);
        std::atomic<int> answered{0};
        for (int i = 0; i < 4; ++i) {
            clients.push_back(std::async(std::launch::async, [&] {
                try {
                    JsonClient client = connected(server.port());
                    for (;;) {
                        client.send_obj(std::string(20'000, 'x'));
                        client.read_obj();
                        ++answered;
                    }
                } catch (const jsocket::ConnectionError&) {
                    // The server has stopped.
                }
            }));
        }
        std::atomic<bool> done{false};
        auto news = std::async(std::launch::async, [&] {
            while (!done) server.broadcast(std::string(20'000, 'y'));
        });
        EXPECT_TRUE(wait_until([&] { return server.active() == 4 && answered >= 40; }));
        server.stop();
        server.join();
        done = true;
        news.get();
        for (auto& client : clients) client.get();
        EXPECT_EQ(failures(server.client_stats(), Failure::tls), 0u);
    }
}

TEST_F(TlsPushes, LeaveOutAClientWhoseHandshakeIsNotOver) {
    EchoFactory server(server_options());
    TlsPeer slow(RawPeer::connect(server.port()));
    const std::string hello = slow.advance();
    slow.raw().send(hello.substr(0, hello.size() / 2));
    JsonClient client = connected(server.port());
    EXPECT_EQ(client.request(1), 1);
    EXPECT_EQ(server.client_stats().connected_clients, 2u);
    EXPECT_EQ(server.active(), 1u);
    EXPECT_EQ(server.broadcast("news"), 1u);
    EXPECT_EQ(client.read_obj(), "news");
    slow.raw().send(hello.substr(hello.size() / 2));
    while (!slow.ready()) {
        ASSERT_TRUE(slow.pull());
        slow.raw().send(slow.advance());
    }
    EXPECT_TRUE(wait_until([&] { return server.active() == 2; }));
    EXPECT_EQ(server.broadcast("more"), 2u);
    EXPECT_EQ(slow.receive(10), prefix_frame("\"more\""));
}

class TlsJsonServer : public Tls {};

TEST_F(TlsJsonServer, TalksByHand) {
    jsocket::JsonServer server(server_options());
    auto client = waiting([&] { return connected(server.port()).request("question"); });
    server.accept_connection();
    EXPECT_EQ(server.read_obj(), "question");
    server.send_obj("answer");
    EXPECT_EQ(client.get(), "answer");
}

TEST_F(TlsJsonServer, AcceptsTheNextClientAfterOneWithoutTls) {
    jsocket::JsonServer server(server_options());
    RawPeer plain = RawPeer::connect(server.port());
    plain.send(prefix_frame("1"));
    EXPECT_THROW(server.accept_connection(), jsocket::TlsError);
    EXPECT_TRUE(plain.closed_by_peer());
    auto client = waiting([&] { return connected(server.port()).request(2); });
    server.accept_connection();
    server.send_obj(server.read_obj());
    EXPECT_EQ(client.get(), 2);
}

TEST_F(TlsJsonServer, CloseEndsAHandshake) {
    jsocket::JsonServer server(server_options());
    const RawPeer silent = RawPeer::connect(server.port());
    auto accepting =
        waiting([&] { EXPECT_THROW(server.accept_connection(), jsocket::ConnectionClosed); });
    const Stopwatch stopwatch;
    server.close();
    accepting.get();
    EXPECT_LT(stopwatch.elapsed(), milliseconds(3'000));
}

}  // namespace
