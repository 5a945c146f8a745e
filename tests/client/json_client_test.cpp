// SPDX-License-Identifier: Apache-2.0
#include "client/client_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <jsocket/testing/scripted_peer.hpp>
#include <jsocket/testing/test_server.hpp>

#include <limits>

namespace {

using namespace client_tests;
using jsocket::ConnectionClosed;
using jsocket::TimeoutError;
using jsocket::testing::Script;
using jsocket::testing::ScriptedPeer;
using jsocket::testing::TestServer;

class JsonClient : public ClientFixture {};

TEST_F(JsonClient, SendsARequestAndReadsTheReplyInEachFraming) {
    for (const Framing framing : all_framings) {
        connect({.framing = framing});
        server.send(frame(framing, "{\"answer\": 42, \"text\": \"\u00e9\"}"));
        const json reply = client->request({{"question", "\u00e9"}});
        EXPECT_EQ(reply, json({{"answer", 42}, {"text", "\u00e9"}}));
        const std::string sent = frame(framing, "{\"question\":\"\u00e9\"}");
        EXPECT_EQ(server.receive(sent.size()), sent);
    }
}

TEST_F(JsonClient, SpeaksThePrefixFramingByDefault) {
    connect();
    client->send_obj(nullptr);
    EXPECT_EQ(server.receive(8), prefix_frame("null"));
}

TEST_F(JsonClient, ReadsWhatTheServerSendsUnasked) {
    connect();
    server.send(prefix_frame("1") + prefix_frame("2") + prefix_frame("null"));
    EXPECT_EQ(client->read_obj(), 1);
    EXPECT_EQ(client->read_obj(), 2);
    EXPECT_EQ(client->read_obj(), nullptr);
}

TEST_F(JsonClient, PassesPayloadsOnUnchanged) {
    connect();
    const std::string payload = "{ \"z\" : 123456789012345678901234567890, \"a\":1.0 }";
    client->send_payload(payload);
    EXPECT_EQ(server.receive_prefix_frame(), payload);
    server.send(prefix_frame(payload));
    EXPECT_EQ(client->read_payload(), payload);
    server.send(prefix_frame("no JSON"));
    EXPECT_EQ(client->read_payload(), "no JSON");
    expect_usable();
}

TEST_F(JsonClient, ReadsIntoATreeThatIsThereAlready) {
    connect();
    json reply;
    for (const char* text : {R"({"a":[1,2],"b":"x"})", R"({"a":[3],"b":"y"})", R"([{"c":null}])"}) {
        server.send(prefix_frame(text));
        client->request("question", reply);
        EXPECT_EQ(reply, json::parse(text));
        EXPECT_EQ(server.receive_prefix_frame(), "\"question\"");
    }
    server.send(prefix_frame("{"));
    EXPECT_THROW(client->read_obj(reply), jsocket::PayloadError);
}

TEST_F(JsonClient, SendsSeveralMessagesInOrder) {
    connect();
    const std::vector<json> messages{1, {{"a", 2}}, nullptr};
    client->send_objs(messages);
    const std::string bytes = prefix_frame("1") + prefix_frame("{\"a\":2}") + prefix_frame("null");
    EXPECT_EQ(server.receive(bytes.size()), bytes);
    client->send_objs({});
    expect_usable();
}

TEST_F(JsonClient, SendsNoneOfSeveralMessagesIfOneCannotBeSent) {
    connect();
    const std::vector<json> messages{1, std::numeric_limits<double>::quiet_NaN(), 3};
    EXPECT_THROW(client->send_objs(messages), jsocket::UsageError);
    expect_usable();  // and the server has got nothing before that
}

TEST_F(JsonClient, TriesToReadForAsLongAsItIsTold) {
    connect({.recv_timeout = patience});
    Stopwatch watch;
    EXPECT_EQ(client->try_read_obj(30ms), std::nullopt);
    EXPECT_GE(watch.elapsed(), 29ms);
    EXPECT_LT(watch.elapsed(), patience);
    EXPECT_EQ(client->try_read_obj(0ms), std::nullopt);
    server.send(prefix_frame("\"late\""));
    EXPECT_EQ(client->try_read_obj(patience), "late");
    server.send(prefix_frame("null"));
    EXPECT_EQ(client->try_read_obj(patience), json(nullptr)) << "null is a message";
    expect_usable();
}

TEST_F(JsonClient, ReadsALateReplyAfterATimeout) {
    connect({.recv_timeout = 30ms});
    client->send_obj("question");
    Stopwatch watch;
    const auto error = error_of<TimeoutError>([&] { client->read_obj(); });
    EXPECT_GE(watch.elapsed(), 29ms);
    EXPECT_TRUE(error->connection_usable());
    EXPECT_THAT(error->what(), HasSubstr("127.0.0.1:" + std::to_string(listener.port())));
    EXPECT_TRUE(client->connected());
    server.send(prefix_frame("\"late\""));
    EXPECT_EQ(client->read_obj(), "late");
}

TEST_F(JsonClient, ReadsTheRepliesToTwoRequestsInOrderAfterATimeout) {
    // The first reply comes only when there is a second question.
    ScriptedPeer late(Script().expect("first").expect("second").send(1).send(2));
    jsocket::JsonClient client({.port = late.port(), .recv_timeout = 10ms});
    client.connect();
    client.send_obj("first");
    EXPECT_THROW(client.read_obj(), TimeoutError);
    EXPECT_THROW(client.read_payload(), TimeoutError);
    client.send_obj("second");
    EXPECT_EQ(client.try_read_obj(patience), 1);
    EXPECT_EQ(client.try_read_obj(patience), 2);
    late.finish();
}

TEST_F(JsonClient, ReadsInOneThreadWhileOthersSend) {
    constexpr int senders = 3;
    constexpr int each = 300;
    TestServer echo([](json message) { return message; });
    jsocket::JsonClient client({.port = echo.port(), .recv_timeout = patience});
    client.connect();
    std::vector<std::future<void>> sending;
    for (int sender = 0; sender < senders; ++sender) {
        sending.push_back(std::async(std::launch::async, [&, sender] {
            for (int number = 0; number < each; ++number) client.send_obj({sender, number});
        }));
    }
    std::vector<int> next(senders);
    for (int i = 0; i < senders * each; ++i) {
        const json reply = client.read_obj();
        ASSERT_EQ(reply[1], next.at(reply[0])++);
    }
    for (auto& sender : sending) sender.get();
}

TEST_F(JsonClient, ReachesUnixAndIpv6Servers) {
    TemporaryDirectory directory;
    const std::string path = "unix:" + (directory / "echo");
    TestServer unix_server({.listen = path});
    TestServer ipv6_server({.listen = "[::1]:0"});
    jsocket::JsonClient over_unix({.address = path});
    jsocket::JsonClient over_ipv6({.address = "::1", .port = ipv6_server.port()});
    over_unix.connect();
    over_ipv6.connect();
    over_unix.send_obj("unix");
    over_ipv6.send_obj("ipv6");
    EXPECT_EQ(unix_server.wait_for_message(1), "unix");
    EXPECT_EQ(ipv6_server.wait_for_message(1), "ipv6");
    expect_nothing_inheritable();
}

TEST_F(JsonClient, DoesNotConnectWhenItIsMade) {
    client = std::make_unique<jsocket::JsonClient>(ClientOptions{.port = listener.port()});
    EXPECT_FALSE(listener_has_someone());
    expect_closed();
}

TEST_F(JsonClient, KnowsItsOptions) {
    connect({.framing = Framing::crc, .recv_timeout = 7ms});
    EXPECT_EQ(client->options().port, listener.port());
    EXPECT_EQ(client->options().framing, Framing::crc);
    EXPECT_EQ(client->options().recv_timeout, 7ms);
}

TEST_F(JsonClient, CloseGivesTheServerEverythingAndThenTheEnd) {
    connect();
    client->send_obj("goodbye");
    client->close();
    client->close();
    EXPECT_EQ(server.receive_prefix_frame(), "\"goodbye\"");
    expect_closed();
}

TEST_F(JsonClient, TheDestructorCloses) {
    connect();
    client->send_obj("goodbye");
    client.reset();
    EXPECT_EQ(server.receive_until_end(), prefix_frame("\"goodbye\""));
}

TEST_F(JsonClient, MovesWithItsConnection) {
    connect();
    jsocket::JsonClient moved(std::move(*client));
    moved.send_obj(1);
    EXPECT_EQ(server.receive_prefix_frame(), "1");
    *client = std::move(moved);
    expect_usable();
}

TEST_F(JsonClient, ClosesTheConnectionItHadWhenAnotherIsMovedIn) {
    connect();
    auto other = std::move(client);
    RawPeer others = std::move(server);
    connect();
    *other = std::move(*client);
    EXPECT_TRUE(others.closed_by_peer());
    client = std::move(other);
    expect_usable();
}

TEST_F(JsonClient, CloseEndsAReadInAnotherThread) {
    connect({.recv_timeout = patience});
    auto reading = waiting([&] { client->read_obj(); });
    Stopwatch watch;
    client->close();
    EXPECT_THROW(reading.get(), ConnectionClosed);
    EXPECT_LT(watch.elapsed(), 3s);
    expect_closed();
}

TEST_F(JsonClient, CloseEndsASendInAnotherThread) {
    connect({.limits = {.max_message_size = 100 << 20}, .send_timeout = patience});
    auto sending = waiting([&] { client->send_payload(std::string(64 << 20, '1')); });
    ASSERT_TRUE(server.readable(patience));
    Stopwatch watch;
    client->close();
    EXPECT_THROW(sending.get(), ConnectionClosed);
    EXPECT_LT(watch.elapsed(), 3s);
    EXPECT_FALSE(client->connected());
}

}  // namespace
