// SPDX-License-Identifier: Apache-2.0
// A server of one's own, tested by a scripted client and by its transcript; with Catch2.
#define CATCH_CONFIG_MAIN
#include <jsocket/jsocket.hpp>
#include <jsocket/testing/fault_proxy.hpp>
#include <jsocket/testing/scripted_peer.hpp>
#include <jsocket/testing/wait.hpp>

#include <catch2/catch.hpp>
#include <optional>

namespace {

using namespace jsocket::testing;

/// What is to be tested: a counter for each client.
class Counter : public jsocket::ServerFactoryThread {
    std::optional<json> process_message(json& message) override {
        sum_ += message.at("add").get<int>();
        return json{{"id", message.at("id")}, {"sum", sum_}};
    }

    int sum_ = 0;
};

using Server = jsocket::Running<jsocket::ServerFactory<Counter>>;

}  // namespace

TEST_CASE("a counter adds up what its client sends") {
    Server server;
    ScriptedPeer client(Script()
                            .send({{"id", 1}, {"add", 5}})
                            .expect({{"id", anything()}, {"sum", 5}})
                            .send({{"id", 2}, {"add", 6}})
                            .expect({{"id", 2}, {"sum", 11}})
                            .close(),
                        {.to = server.endpoint()});
    CHECK_NOTHROW(client.finish());
}

TEST_CASE("a counter begins anew with each connection") {
    Server server;
    ScriptedPeer client(Script()
                            .send({{"id", 1}, {"add", 5}})
                            .expect({{"id", 1}, {"sum", 5}})
                            .reconnect()
                            .send({{"id", 1}, {"add", 6}})
                            .expect({{"id", 1}, {"sum", 6}}),
                        {.to = server.endpoint()});
    CHECK_NOTHROW(client.finish());
}

TEST_CASE("a counter leaves who sends something else") {
    Server server;
    ScriptedPeer client(Script().send("hello").expect_close(), {.to = server.endpoint()});
    CHECK_NOTHROW(client.finish());
    CHECK(wait_until([&] { return server.client_stats().connected_clients == 0; }));
}

TEST_CASE("a conversation is what it was the last time") {
    Server server;
    Transcript said;  // could be read from a file
    FaultProxy proxy(
        {.to = server.endpoint(), .observe = [&](const ProxyEvent& event) { said.add(event); }});
    jsocket::JsonClient client({.port = proxy.port()});
    client.connect();
    client.request({{"id", 1}, {"add", 5}});
    CHECK_NOTHROW(said.verify(Transcript::parse(R"(
connect
> {"id":1,"add":5}
< {"id":1,"sum":5}
)")));
}
