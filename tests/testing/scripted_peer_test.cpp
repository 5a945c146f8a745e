// SPDX-License-Identifier: Apache-2.0
#include "support/error_of.hpp"
#include "support/raw_peer.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait.hpp"
#include "support/wire.hpp"

#include <jsocket/jsocket.hpp>
#include <jsocket/socket/json_socket.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/pipe.hpp>
#include <jsocket/testing/scripted_peer.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::Framing;
using jsocket::json;
using jsocket::JsonClient;
using jsocket::JsonSocket;
using jsocket::testing::anything;
using jsocket::testing::Mismatch;
using jsocket::testing::Script;
using jsocket::testing::ScriptedPeer;
using jsocket::testing::Transcript;
using ::testing::HasSubstr;
using ::testing::StartsWith;

JsonClient connected_client(const ScriptedPeer& server, Framing framing = Framing::prefix) {
    JsonClient client({.port = server.port(),
                       .framing = framing,
                       .recv_timeout = patience,
                       .retry = {.attempts = 1}});
    client.connect();
    return client;
}

std::string mismatch_of(ScriptedPeer& peer) {
    return error_of<Mismatch>([&] { peer.finish(); })->what();
}

/// A server to be tested: adds, for each client anew.
class Adder : public jsocket::ServerFactoryThread {
    std::optional<json> process_message(json& message) override {
        sum_ += message.at("add").get<int>();
        return json{{"sum", sum_}};
    }
    int sum_ = 0;
};

struct AdderServer : ::testing::Test {
    jsocket::Running<jsocket::ServerFactory<Adder>> server;
};

TEST(ScriptedServer, ReportsAMessageInsteadOfACloseAtOnce) {
    const std::vector<json> messages = {1, 2};
    for (const bool together : {false, true}) {
        ScriptedPeer server(Script().expect(1).expect_close(), {.timeout = std::chrono::hours(1)});
        JsonClient client = connected_client(server);
        if (together) {
            client.send_objs(messages);
        } else {
            for (const json& message : messages) client.send_obj(message);
        }
        EXPECT_THAT(mismatch_of(server), HasSubstr("expected the end of the stream\ngot \"2\""));
    }
}

TEST(ScriptedServer, PlaysItsScriptInEachFraming) {
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        ScriptedPeer server(Script()
                                .expect({{"get", "temperature"}})
                                .reply({{"celsius", 17.5}})
                                .send({{"news", nullptr}})
                                .expect_close());
        {
            JsonClient client = connected_client(server, framing);
            EXPECT_EQ(client.request({{"get", "temperature"}}), (json{{"celsius", 17.5}}));
            EXPECT_EQ(client.read_obj(), (json{{"news", nullptr}}));
        }
        server.finish();
        EXPECT_EQ(server.transcript().text(),
                  "connect\n"
                  "> {\"get\":\"temperature\"}\n"
                  "< {\"celsius\":17.5}\n"
                  "< {\"news\":null}\n"
                  "> close\n");
    }
}

TEST(ScriptedServer, GreetsInTheFramingThatWasChosen) {
    ScriptedPeer server(Script().send("hello").close(), {.framing = Framing::lines});
    RawPeer client = RawPeer::connect(server.port());
    EXPECT_EQ(client.receive_until_end(), "\"hello\"\n");
    server.finish();
    EXPECT_EQ(server.transcript().text(), "connect\n< \"hello\"\n< close\n");
}

TEST(ScriptedServer, AnswersWithWhatItMakesOfTheMessage) {
    ScriptedPeer server(
        Script().expect({{"id", anything()}, {"method", "add"}}).reply([](const json& message) {
            return json{{"id", message.at("id")}};
        }));
    JsonClient client = connected_client(server);
    EXPECT_EQ(client.request({{"id", 77}, {"method", "add"}}), (json{{"id", 77}}));
    server.finish();
}

TEST(ScriptedServer, TakesWhatAPredicateTakes) {
    const Script script =
        Script().expect("a number below zero", [](const json& m) { return m.get<int>() < 0; });
    ScriptedPeer pleased(script);
    connected_client(pleased).send_obj(-1);
    pleased.finish();
    ScriptedPeer displeased(script);
    connected_client(displeased).send_obj(1);
    EXPECT_THAT(mismatch_of(displeased),
                StartsWith("step 1 of 1: expected a number below zero\ngot 1\nso far:"));
    ScriptedPeer surprised(script);
    connected_client(surprised).send_obj("one");
    EXPECT_THAT(mismatch_of(surprised), HasSubstr("looking at it threw: "));
}

TEST(ScriptedServer, SaysAllThatIsToBeKnownOfAMismatch) {
    ScriptedPeer server(Script().expect({{"a", 1}}).reply({{"b", 2}}).expect({{"c", {1, 2}}}));
    JsonClient client = connected_client(server);
    client.request({{"a", 1}});
    client.send_obj({{"c", {1, 5}}});
    EXPECT_EQ(mismatch_of(server),
              "step 3 of 3: expected {\"c\":[1,2]}\n"
              "got {\"c\":[1,5]}\n"
              "at /c/1: there is 5 instead of 2\n"
              "so far:\n"
              "  connect\n"
              "  > {\"a\":1}\n"
              "  < {\"b\":2}\n"
              "  > {\"c\":[1,5]}");
    EXPECT_THROW(client.read_obj(), jsocket::ConnectionError);  // not left waiting
    EXPECT_THROW(server.finish(), Mismatch) << "the second time as well";
}

TEST(ScriptedServer, SaysWhatElseCameThanAMessage) {
    const Script script = Script().expect(1);
    ScriptedPeer left(script);
    connected_client(left).close();
    EXPECT_THAT(mismatch_of(left), HasSubstr("expected 1\ngot the end of the stream"));

    ScriptedPeer browsed(script);
    RawPeer browser = RawPeer::connect(browsed.port());
    browser.send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_THAT(mismatch_of(browsed), HasSubstr("no message of the framing auto: \"GET / HTTP"));

    ScriptedPeer misled(script);
    RawPeer no_json = RawPeer::connect(misled.port());
    no_json.send(prefix_frame("nonsense"));
    EXPECT_THAT(mismatch_of(misled), HasSubstr("got \"nonsense\", which is no JSON: "));
}

TEST(ScriptedServer, GivesUpWaitingAfterItsTimeout) {
    ScriptedPeer alone(Script().expect(1), {.timeout = 20ms});
    EXPECT_THAT(mismatch_of(alone), StartsWith("step 1 of 1: nobody connected to 127.0.0.1:"));
    auto [near, far] = jsocket::testing::pipe();
    ScriptedPeer peer(std::move(near), Script().expect(1), {.timeout = 20ms});
    EXPECT_THAT(mismatch_of(peer), HasSubstr("expected 1\ngot nothing for 20 ms"));
}

TEST(ScriptedServer, GivesUpWaitingThoughSomethingComesNowAndThen) {
    ScriptedPeer server(Script().expect(1), {.framing = Framing::lines, .timeout = 300ms});
    RawPeer client = RawPeer::connect(server.port());
    auto mismatch = std::async(std::launch::async, [&server] { return mismatch_of(server); });
    const Stopwatch watch;
    while (mismatch.wait_for(1ms) != std::future_status::ready && watch.elapsed() < patience) {
        ::send(client.fd(), "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT);  // which is no message
    }
    client.close();
    EXPECT_THAT(mismatch.get(), HasSubstr("expected 1\ngot nothing for 300 ms"));
}

TEST(ScriptedServer, SaysWhatHasComeInTime) {
    auto [near, far] = jsocket::testing::pipe();
    far->write_all("abc", patience);
    ScriptedPeer peer(std::move(near), Script().expect_bytes("abcd"), {.timeout = 20ms});
    EXPECT_THAT(mismatch_of(peer), HasSubstr("got \"abc\" and no more for 20 ms"));
}

TEST(ScriptedServer, MindsWhatComesBeyondItsScript) {
    ScriptedPeer server(Script().expect(1).reply(2));
    {
        JsonClient client = connected_client(server);
        EXPECT_EQ(client.request(1), 2);
        client.send_obj("one more");
    }
    EXPECT_THAT(mismatch_of(server),
                StartsWith("after the last step: expected nothing more\ngot \"\"one more\"\""));
    ScriptedPeer closed(Script().expect(1).expect_close());
    connected_client(closed).send_objs(std::vector<json>{1, 2});
    EXPECT_THAT(mismatch_of(closed),
                StartsWith("step 2 of 2: expected the end of the stream\ngot \"2\""));
}

TEST(ScriptedServer, SendsAndExpectsBytes) {
    ScriptedPeer server(Script().expect(1).expect_bytes("\x01\x02").send_bytes("\xff\xfe").close());
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1") + "\x01");
    client.send("\x02");
    EXPECT_EQ(client.receive_until_end(), "\xff\xfe");
    server.finish();
    ScriptedPeer other(Script().expect_bytes("abc"));
    RawPeer wrong = RawPeer::connect(other.port());
    wrong.send("abd");
    EXPECT_THAT(mismatch_of(other), HasSubstr("expected the bytes \"abc\"\ngot \"abd\""));
    ScriptedPeer third(Script().expect_bytes("abc"));
    RawPeer::connect(third.port()).send("ab");
    EXPECT_THAT(mismatch_of(third), HasSubstr("got \"ab\" and the end of the stream"));
}

TEST(ScriptedServer, SeesItsClientConnectAgain) {
    ScriptedPeer server(Script()
                            .expect(1)
                            .close()
                            .reconnect()
                            .expect(1)
                            .reply(2)
                            .reconnect()
                            .send(3)
                            .expect_close());
    JsonClient client = connected_client(server);
    client.send_obj(1);
    EXPECT_THROW(client.read_obj(), jsocket::ConnectionClosed);
    client.connect();
    EXPECT_EQ(client.request(1), 2);
    EXPECT_THROW(client.read_obj(), jsocket::ConnectionClosed);
    client.connect();
    EXPECT_EQ(client.read_obj(), 3);
    EXPECT_THROW(connected_client(server), jsocket::ConnectError) << "that is once too often";
    client.close();
    server.finish();
    EXPECT_EQ(
        server.transcript().text(),
        "connect\n> 1\n< close\n2 connect\n2 > 1\n2 < 2\n2 < close\n3 connect\n3 < 3\n3 > close\n");
}

TEST(ScriptedServer, ListensOnAUnixSocket) {
    const TemporaryDirectory directory;
    const std::string path = "unix:" + (directory / "socket");
    ScriptedPeer server(Script().expect(1).reply(2), {.listen = path});
    EXPECT_EQ(server.endpoint(), path);
    JsonClient client({.address = path});
    client.connect();
    EXPECT_EQ(client.request(1), 2);
    server.finish();
}

TEST(ScriptedServer, SaysWhatItCannotSend) {
    ScriptedPeer server(Script().send("\xff"));
    JsonClient client = connected_client(server);
    EXPECT_THAT(mismatch_of(server), StartsWith("step 1 of 1: this cannot be sent: "));
    ScriptedPeer maker(Script().expect(1).reply([](const json& m) { return m.at("id"); }));
    JsonClient other = connected_client(maker);
    other.send_obj(1);
    EXPECT_THAT(mismatch_of(maker), StartsWith("step 2 of 2: making the reply threw: "));
}

TEST(ScriptedServer, RefusesWrongOptions) {
    EXPECT_THROW(ScriptedPeer(Script(), {.listen = "nowhere"}), jsocket::UsageError);
    EXPECT_THROW(ScriptedPeer(Script(), {.to = "nowhere"}), jsocket::UsageError);
    EXPECT_THROW(ScriptedPeer(Script(), {.timeout = -1ms}), jsocket::UsageError);
    const RawListener taken;
    EXPECT_THROW(ScriptedPeer(Script(), {.listen = "127.0.0.1:" + std::to_string(taken.port())}),
                 jsocket::ConnectError);
}

TEST_F(AdderServer, IsTestedByAScriptedClientInEachFraming) {
    for (const Framing framing :
         {Framing::automatic, Framing::prefix, Framing::crc, Framing::lines}) {
        ScriptedPeer client(Script()
                                .send({{"add", 5}})
                                .expect({{"sum", 5}})
                                .send({{"add", 6}})
                                .expect({{"sum", anything()}})
                                .close()
                                .reconnect()
                                .send({{"add", 1}})
                                .expect({{"sum", 1}})
                                .close(),
                            {.to = server.endpoint(), .framing = framing});
        client.finish();
        client.transcript().connection(2).verify(
            Transcript::parse("connect\n> {\"add\":1}\n< {\"sum\":1}\n> close"));
        EXPECT_EQ(client.port(), 0);
        EXPECT_EQ(client.endpoint(), "");
    }
}

TEST_F(AdderServer, ThatIsWrongIsToldOfByAScriptedClient) {
    ScriptedPeer client(Script().send({{"add", 5}}).expect({{"sum", 6}}),
                        {.to = server.endpoint()});
    EXPECT_THAT(mismatch_of(client), HasSubstr("at /sum: there is 5 instead of 6"));
    ScriptedPeer stranger(Script().send_bytes("[}\n").expect_close(),
                          {.to = server.endpoint(), .framing = Framing::lines});
    stranger.finish();
}

TEST(ScriptedClient, SaysThatItsServerIsNotThere) {
    RawListener listener;
    const std::string nowhere = "127.0.0.1:" + std::to_string(listener.port());
    listener.close();
    ScriptedPeer client(Script().send(1), {.to = nowhere});
    EXPECT_THAT(mismatch_of(client), StartsWith("step 1 of 1: cannot connect to " + nowhere));
}

TEST(ScriptedPeerOnAStream, TalksToAJsonSocketInMemory) {
    auto [near, far] = jsocket::testing::pipe();
    ScriptedPeer peer(std::move(far), Script().expect({1, 2}).reply(3).expect_close());
    {
        JsonSocket socket(std::move(near), {.framing = Framing::crc});
        socket.send_obj({1, 2});
        EXPECT_EQ(socket.receive(jsocket::deadline_after(patience)), "3");
    }
    peer.finish();
    auto [one, other] = jsocket::testing::pipe();
    ScriptedPeer twice(std::move(one), Script().reconnect());
    EXPECT_THAT(mismatch_of(twice), HasSubstr("a script on a stream cannot reconnect"));
}

/// The fault loop: what a client does when each operation of its own stream fails.
TEST(ScriptedPeerOnAStream, LetsAScenarioRunThroughItsFaults) {
    using jsocket::testing::Fault;
    using jsocket::testing::FaultPlan;
    std::size_t n = 0;
    for (; n < 100; ++n) {
        auto [near, far] = jsocket::testing::pipe();
        std::string reported;
        FaultPlan plan(Fault::fail, n);
        ScriptedPeer peer(std::move(far), Script().expect(1).reply(2),
                          {.report = [&](const std::string& text) { reported = text; }});
        JsonSocket socket(std::make_unique<jsocket::testing::FaultyStream>(std::move(near), plan),
                          {});
        try {
            socket.send_obj(1);
            socket.receive(jsocket::deadline_after(patience));
        } catch (const jsocket::ConnectionError&) {
            continue;
        }
        EXPECT_FALSE(plan.fired());
        break;
    }
    EXPECT_EQ(n, 2U) << "a write and a read";
}

// What becomes of a mismatch that nobody asked for.

TEST(ScriptedPeerAtItsEnd, ReportsWhatNobodyAskedFor) {
    std::vector<std::string> reports;
    const auto report = [&](const std::string& text) { reports.push_back(text); };
    {
        ScriptedPeer peer(Script().expect(1), {.report = report});
        connected_client(peer).send_obj(2);
    }
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_THAT(reports[0], StartsWith("step 1 of 1: expected 1\ngot 2\n"));
    {
        ScriptedPeer met(Script().expect(1), {.report = report});
        connected_client(met).send_obj(1);
        ScriptedPeer asked(Script().expect(1), {.report = report});
        connected_client(asked).send_obj(2);
        EXPECT_THROW(asked.finish(), Mismatch);
    }
    EXPECT_EQ(reports.size(), 1U);
}

TEST(ScriptedPeerAtItsEnd, WaitsForNothingWhileAnExceptionPasses) {
    std::vector<std::string> reports;
    const Stopwatch watch;
    std::optional<JsonClient> client;  // stays when the peer goes
    try {
        ScriptedPeer peer(Script().expect(1),
                          {.report = [&](const std::string& text) { reports.push_back(text); }});
        client = connected_client(peer);
        throw std::runtime_error("the test has failed");
    } catch (const std::runtime_error&) {
    }
    EXPECT_LT(watch.elapsed(), patience);
    EXPECT_EQ(reports.size(), 0U);
}

TEST(ScriptedPeerAtItsEnd, TellsWhyWhileTheExceptionItCausedPasses) {
    for (int i = 0; i < 20; ++i) {
        std::vector<std::string> reports;
        try {
            ScriptedPeer peer(Script().expect(1).reply(2), {.report = [&](const std::string& text) {
                                  reports.push_back(text);
                              }});
            connected_client(peer).request("wrong");
            FAIL() << "there is no reply";
        } catch (const jsocket::ConnectionError&) {
        }
        ASSERT_EQ(reports.size(), 1U);
        EXPECT_THAT(reports[0], StartsWith("step 1 of 2: expected 1\ngot \"wrong\""));
    }
}

TEST(ScriptedPeerAtItsEndDeathTest, EndsTheProcessIfNothingElseWouldTell) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(
        {
            ScriptedPeer peer(Script().expect(1));
            connected_client(peer).send_obj(2);
        },
        "jsocket::testing::ScriptedPeer: step 1 of 1: expected 1");
}

}  // namespace
