// SPDX-License-Identifier: Apache-2.0
// The snippets of docs/testing.md, in its order; tests/architecture compares them.
#include <jsocket/jsocket.hpp>
#include <jsocket/socket/json_socket.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/pipe.hpp>
#include <jsocket/testing/scripted_peer.hpp>
#include <jsocket/testing/serve.hpp>
#include <jsocket/testing/test_server.hpp>

#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

namespace {

using namespace jsocket::testing;
using jsocket::json;
using jsocket::JsonClient;

bool should_heat(std::uint16_t sensor_port, double wanted) {
    JsonClient sensor({.port = sensor_port, .retry = {.attempts = 1}});
    sensor.connect();
    return sensor.request({{"get", "temperature"}}).at("celsius").get<double>() < wanted;
}

class Adder : public jsocket::ServerFactoryThread {
    std::optional<json> process_message(json& message) override {
        sum_ += message.at("add").get<int>();
        return json{{"sum", sum_}};
    }
    int sum_ = 0;
};

using AdderServer = jsocket::Running<jsocket::ServerFactory<Adder>>;

TEST(TestingPage, HasAServerThatAnswers) {
    TestServer sensor([](const json& message) {
        return json{{"celsius", 17.5}, {"of", message.at("get")}};
    });
    EXPECT_TRUE(should_heat(sensor.port(), 19));
    EXPECT_EQ(sensor.received().at(0), (json{{"get", "temperature"}}));
}

TEST(TestingPage, HasAServerThatListens) {
    TestServer server;
    JsonClient client({.port = server.port()});
    client.connect();
    client.send_obj("hello");
    EXPECT_EQ(server.wait_for_message(1), "hello");
    server.broadcast("news");  // to all that are connected
    EXPECT_EQ(client.read_obj(), "news");
    server.disconnect_clients();
    server.wait_for_clients(0);
}

TEST(TestingPage, HasAWorkerWithoutASocket) {
    auto [near, far] = pipe();
    far->write_all("{\"add\":5}\n{\"add\":6}\n", patience);
    far->finish_writing();
    Adder adder;  // a ServerFactoryThread
    serve(adder, std::move(near));
    std::string replies(100, '\0');
    replies.resize(*far->read_some(replies, jsocket::deadline_after(patience)));
    EXPECT_EQ(replies, "{\"sum\":5}\n{\"sum\":11}\n");
}

TEST(TestingPage, HasAScriptedServer) {
    ScriptedPeer sensor(
        Script().expect({{"get", "temperature"}}).reply({{"celsius", 17.5}}).expect_close());
    EXPECT_TRUE(should_heat(sensor.port(), 19));
    sensor.finish();
}

TEST(TestingPage, HasAScriptedClient) {
    AdderServer server;
    ScriptedPeer client(Script().send({{"add", 5}}).expect({{"sum", 5}}).close(),
                        {.to = server.endpoint(), .framing = jsocket::Framing::crc});
    client.finish();
}

TEST(TestingPage, HasAReplyThatIsMade) {
    ScriptedPeer server(
        Script().expect({{"id", anything()}, {"method", "add"}}).reply([](const json& request) {
            return json{{"id", request.at("id")}};
        }));
    JsonClient client({.port = server.port()});
    client.connect();
    EXPECT_EQ(client.request({{"id", 3}, {"method", "add"}}), (json{{"id", 3}}));
    server.finish();
}

TEST(TestingPage, HasAReport) {
    ScriptedPeer sensor(Script().expect({{"get", "temperature"}}).reply({{"celsius", 17.5}}),
                        {.report = [](const std::string& text) { ADD_FAILURE() << text; }});
    EXPECT_TRUE(should_heat(sensor.port(), 19));
}

TEST(TestingPage, HasATranscript) {
    TestServer server([](const json& message) { return json(message.get<int>() + 1); });
    {
        JsonClient client({.port = server.port()});
        client.connect();
        client.request(1);
    }
    ::testing::internal::CaptureStdout();
    server.wait_for_clients(0);  // until the last line is there
    std::istringstream file("# what has to be said\nconnect\n> 1\n< 2\n> close\n");
    server.transcript().verify(Transcript::read(file));
    std::cout << server.transcript();
    EXPECT_EQ(::testing::internal::GetCapturedStdout(), "connect\n> 1\n< 2\n> close\n");
}

TEST(TestingPage, HasATranscriptOfAProxy) {
    AdderServer server;
    Transcript said;
    FaultProxy proxy(
        {.to = server.endpoint(), .observe = [&](const ProxyEvent& event) { said.add(event); }});
    JsonClient client({.port = proxy.port()});
    client.connect();
    client.request({{"add", 1}});
    EXPECT_EQ(said.text(), "connect\n> {\"add\":1}\n< {\"sum\":1}\n");
}

TEST(TestingPage, HasAFaultPlan) {
    FaultPlan plan(Fault::truncate, 1, 5);  // of the first reply, 5 bytes
    TestServer sensor([](const json&) { return json{{"celsius", 17.5}}; }, {.faults = &plan});
    EXPECT_THROW(should_heat(sensor.port(), 19), jsocket::ConnectionClosed);
    EXPECT_TRUE(plan.fired());
}

TEST(TestingPage, HasAFaultLoop) {
    std::size_t n = 0;
    for (;; ++n) {
        FaultPlan plan(Fault::fail, n);
        auto [near, far] = pipe();
        ScriptedPeer peer(std::move(far), Script().expect(1).reply(2),
                          {.report = [](const auto&) {}});
        jsocket::JsonSocket socket(std::make_unique<FaultyStream>(std::move(near), plan), {});
        try {
            socket.send_obj(1);
            socket.receive(jsocket::deadline_after(patience));
        } catch (const jsocket::ConnectionError&) {
            continue;  // it was noticed
        }
        if (!plan.fired()) break;  // there are no more operations
        FAIL() << "nobody noticed that operation " << n << " failed";
    }
    EXPECT_EQ(n, 2U);
}

TEST(TestingPage, HasAWait) {
    AdderServer server;
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
}

}  // namespace
