// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.hpp"
#include "support/error_of.hpp"
#include "support/raw_peer.hpp"
#include "support/wait.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/error.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/test_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::Framing;
using jsocket::json;
using jsocket::JsonClient;
using jsocket::testing::Fault;
using jsocket::testing::FaultPlan;
using jsocket::testing::Mismatch;
using jsocket::testing::TestServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

JsonClient connected_client(const TestServer& server, Framing framing = Framing::prefix) {
    JsonClient client({.port = server.port(),
                       .framing = framing,
                       .recv_timeout = patience,
                       .retry = {.attempts = 1}});
    client.connect();
    return client;
}

json doubled(const json& message) { return 2 * message.get<int>(); }

TEST(TestServer, AnswersInEachFramingAndRemembersIt) {
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        TestServer server(doubled);
        {
            JsonClient client = connected_client(server, framing);
            EXPECT_EQ(client.request(4), 8);
            EXPECT_EQ(client.request(5), 10);
            EXPECT_THAT(server.received(), ElementsAre(4, 5));
        }
        server.wait_for_clients(0);
        EXPECT_EQ(server.transcript().text(), "connect\n> 4\n< 8\n> 5\n< 10\n> close\n");
        EXPECT_THAT(server.problems(), ElementsAre());
    }
}

TEST(TestServer, TakesAnyFunctionAsAnswer) {
    TestServer value([](json message) { return message; });
    EXPECT_EQ(connected_client(value).request({{"a", 1}}), (json{{"a", 1}}));
    TestServer sometimes([](json& message) -> std::optional<json> {
        if (message == 0) return std::nullopt;
        return nullptr;
    });
    JsonClient client = connected_client(sometimes);
    client.send_obj(0);
    EXPECT_EQ(client.request(1), nullptr);
}

TEST(TestServer, WaitsForAMessageOfACertainNumber) {
    TestServer server;
    JsonClient client = connected_client(server);
    client.send_objs(std::vector<json>{"first", "second"});
    EXPECT_EQ(server.wait_for_message(2), "second");
    EXPECT_EQ(server.wait_for_message(1), "first");
    auto third = std::async(std::launch::async, [&] { return server.wait_for_message(3); });
    client.send_obj("third");
    EXPECT_EQ(third.get(), "third");
    EXPECT_THROW(server.wait_for_message(0), jsocket::UsageError);
    const auto error = error_of<Mismatch>([&] { server.wait_for_message(4, 20ms); });
    EXPECT_STREQ(error->what(),
                 "message 4 has not come; so far:\n"
                 "connect\n> \"first\"\n> \"second\"\n> \"third\"\n");
}

TEST(TestServer, ServesManyClientsAndCallsItsAnswerOnceAtATime) {
    int calls = 0;  // without a mutex, which ThreadSanitizer checks
    TestServer server([&](const json&) { return json(++calls); });
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&] {
            JsonClient client = connected_client(server);
            for (int n = 0; n < 20; ++n) client.request(n);
        });
    }
    for (std::thread& client : clients) client.join();
    server.stop();
    EXPECT_EQ(calls, 80);
    EXPECT_EQ(server.received().size(), 80U);
    EXPECT_EQ(server.transcript().connection(4).messages(jsocket::testing::Direction::up).size(),
              20U);
}

TEST(TestServer, AnswersSomethingElseFromThenOn) {
    TestServer server(doubled);
    JsonClient client = connected_client(server);
    EXPECT_EQ(client.request(1), 2);
    server.answer([](const json&) { return json("changed"); });
    EXPECT_EQ(client.request(1), "changed");
}

TEST(TestServer, SendsMessagesNobodyAskedFor) {
    TestServer server;
    JsonClient first = connected_client(server);
    server.broadcast("alone");  // however late the server notices the client
    JsonClient second = connected_client(server);
    server.wait_for_clients(2);
    server.broadcast("together");
    EXPECT_EQ(first.read_obj(), "alone");
    EXPECT_EQ(first.read_obj(), "together");
    EXPECT_EQ(second.read_obj(), "together");
    EXPECT_EQ(server.transcript().connection(2).text(), "connect\n< \"together\"\n");
}

TEST(TestServer, DropsItsClientsAndTakesThemAgain) {
    TestServer server(doubled);
    JsonClient client = connected_client(server);
    server.disconnect_clients();
    EXPECT_THROW(client.read_obj(), jsocket::ConnectionClosed);
    client.connect();
    EXPECT_EQ(client.request(3), 6);
    client.close();
    server.wait_for_clients(0);
    EXPECT_EQ(server.transcript().text(), "connect\n< close\n2 connect\n2 > 3\n2 < 6\n2 > close\n");
}

TEST(TestServer, HasNoMoreToDoWithAClientThatItHasDropped) {
    std::promise<void> entered;
    std::promise<void> gate;
    TestServer server([&entered, opened = gate.get_future().share()](const json& message) {
        entered.set_value();
        opened.wait_for(patience);
        return message;
    });
    JsonClient client = connected_client(server);
    client.send_obj("slow");
    // What has come is not yet answered.
    ASSERT_EQ(entered.get_future().wait_for(patience), std::future_status::ready);
    server.disconnect_clients();
    EXPECT_EQ(server.clients(), 0U);
    EXPECT_THROW(server.broadcast("too late", 10ms), Mismatch);
    EXPECT_THROW(server.wait_for_clients(0, 10ms), Mismatch) << "more is to be said";
    gate.set_value();
    server.wait_for_clients(0);
    EXPECT_EQ(server.transcript().text(), "connect\n> \"slow\"\n< \"slow\"\n< close\n");
}

TEST(TestServer, SaysWhenItHasWaitedInVain) {
    TestServer server;
    EXPECT_THROW(server.broadcast(1, 10ms), Mismatch);
    EXPECT_THROW(server.disconnect_clients(10ms), Mismatch);
    const auto error = error_of<Mismatch>([&] { server.wait_for_clients(1, 10ms); });
    EXPECT_THAT(error->what(), HasSubstr("there are 0 clients instead of 1"));
}

TEST(TestServer, RemembersWhatEndedAConnection) {
    TestServer server([](const json&) -> json { throw std::runtime_error("not that"); });
    JsonClient client = connected_client(server);
    EXPECT_THROW(client.request(1), jsocket::ConnectionClosed);
    RawPeer stranger = RawPeer::connect(server.port());
    stranger.send("GET / HTTP/1.1\r\n");
    EXPECT_TRUE(stranger.closed_by_peer());
    const std::vector<std::string> problems = server.problems();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0], "not that");
    EXPECT_THAT(server.transcript().text(), HasSubstr("2 > bytes \"GET / HTTP/1.1\\r\\n\""));
}

TEST(TestServer, FailsTheOperationThatItsPlanNames) {
    FaultPlan plan(Fault::truncate, 3, 6);  // the reply to the second message
    TestServer server(doubled, {.faults = &plan});
    JsonClient client = connected_client(server);
    EXPECT_EQ(client.request(100), 200);
    const auto error = error_of<jsocket::ConnectionClosed>([&] { client.request(200); });
    EXPECT_TRUE(error->mid_message());
    EXPECT_TRUE(plan.fired());
    client.close();
    server.wait_for_clients(0);
    EXPECT_THAT(server.transcript().text(),
                HasSubstr("> 200\n< bytes \"\\u0000\\u0000\\u0000\\u000340\"\n"));
}

TEST(TestServer, SplitsWhatAClientHasToPutTogether) {
    FaultPlan plan(Fault::byte_by_byte, 0);
    TestServer server([](json message) { return message; }, {.faults = &plan});
    JsonClient client = connected_client(server);
    const json message = {{"a", std::string(100, 'x')}};
    EXPECT_EQ(client.request(message), message);
}

TEST(TestServer, StallsUntilItsClientGivesUp) {
    FaultPlan plan(Fault::stall, 1);
    TestServer server(doubled, {.faults = &plan});
    JsonClient client({.port = server.port(), .recv_timeout = 20ms, .retry = {.attempts = 1}});
    client.connect();
    EXPECT_THROW(client.request(1), jsocket::TimeoutError);
    const Stopwatch watch;
    server.stop();
    EXPECT_LT(watch.elapsed(), patience);
}

TEST(TestServer, SpeaksTlsAndUnixSockets) {
    const CertificateFiles files;
    TestServer secure(doubled, {.tls = files.server_options()});
    JsonClient client({.port = secure.port(), .tls = files.client_options()});
    client.connect();
    EXPECT_EQ(client.request(2), 4);
    EXPECT_THAT(secure.received(), ElementsAre(2));

    const std::string path = "unix:" + files.path("socket");
    TestServer local(doubled, {.listen = path});
    EXPECT_EQ(local.endpoint(), path);
    JsonClient neighbour({.address = path});
    neighbour.connect();
    EXPECT_EQ(neighbour.request(2), 4);
}

TEST(TestServer, KeepsToItsLimits) {
    TestServer server(doubled, {.limits = {.max_message_size = 10}});
    JsonClient client = connected_client(server);
    EXPECT_THROW(client.request("more than ten bytes"), jsocket::ConnectionError);
    EXPECT_EQ(server.problems().size(), 1U);
    EXPECT_THROW(TestServer({.limits = {.max_depth = 0}}), jsocket::UsageError);
    EXPECT_THROW(TestServer({.listen = "nowhere"}), jsocket::UsageError);
}

TEST(TestServer, StopsAtOnceWhateverItsClientsDo) {
    TestServer server(doubled);
    JsonClient idle = connected_client(server);
    server.wait_for_clients(1);
    server.stop();
    server.stop();
    EXPECT_EQ(server.clients(), 0U);
    EXPECT_THROW(idle.read_obj(), jsocket::ConnectionError);
    EXPECT_THROW(connected_client(server), jsocket::ConnectError);
}

}  // namespace
