// SPDX-License-Identifier: Apache-2.0
// Starting and stopping servers, and what they do of their own accord.
#include "expect.hpp"
#include "steps.hpp"
#include "world.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/json_server.hpp>

namespace {

using jsocket::json;

void define_starting(Steps& steps) {
    steps.define("a running echo server", [](World& world) { world.start_small(echoing()); });
    steps.define("a running echo server for one client",
                 [](World& world) { world.start_small(echoing()); });
    steps.define("a running echo server for many clients",
                 [](World& world) { world.start_big(echoing()); });
    steps.define("a running echo server on a UNIX-domain socket", [](World& world) {
        world.server_options.address = "unix:" + world.folder().path() + "/echo";
        world.start_small(echoing());
    });
    steps.define("a running server that keeps silent",
                 [](World& world) { world.start_small(silent()); });
    steps.define("a running server that greets its clients",
                 [](World& world) { world.start_small(greeting()); });
    steps.define("a running server that answers when it is allowed to",
                 [](World& world) { world.start_small(answering_behind(world.gate)); });
    steps.define("a running server that counts the messages of each client",
                 [](World& world) { world.start_big(counting()); });
    steps.define("a running server that fails at the message {string}",
                 [](World& world, std::string text) { world.start_small(failing_at(text)); });
    steps.define("a running server for many clients that fails at the message {string}",
                 [](World& world, std::string text) { world.start_big(failing_at(text)); });
    steps.define("a running server that stops at the message {string}",
                 [](World& world, std::string text) { world.start_small(stopping_at(text)); });
}

void define_stopping(Steps& steps) {
    steps.define("the server stops", [](World& world) {
        world.measure([&] {
            world.server().stop();
            world.server().join();
        });
        expect(!world.server().running(), "the server runs after join()");
    });
    steps.define("the server is told to stop while it works on that", [](World& world) {
        world.gate.wait_until_used();
        world.server().stop();
    });
    steps.define("the server has stopped", [](World& world) {
        world.server().join();
        expect(!world.server().running(), "the server runs after join()");
    });
    steps.define("the server is allowed to answer", [](World& world) { world.gate.open(); });
    steps.define("the server is replaced by another one at the same address", [](World& world) {
        world.server_options.port = world.server().port();
        world.end_server();
        world.start_small(echoing());
    });
    steps.define("another server can start at the same address", [](World& world) {
        jsocket::ServerOptions options = world.server_options;
        options.port = world.server().port();
        const jsocket::Running<SmallServer> another(options, echoing());
        expect(another.running(), "it does not run");
    });
}

/// More than the buffers of the operating system hold, if nobody reads.
void send_without_end(SmallServer& server) {
    const json large = std::string(8'000'000, 'x');
    for (int i = 0; i < 20; ++i) {
        server.send_obj(large);
    }
}

void push(World& world, const Name& client, const json& message) {
    if (world.big) {
        world.big->send_obj(world.sessions.at(client), message);
        return;
    }
    SmallServer& server = world.small_server();
    eventually([&] { return server.connected(); }, "no client is served");
    server.send_obj(message);
}

void define_pushing(Steps& steps) {
    steps.define("the server sends {client} {values}",
                 [](World& world, Name client, Values messages) {
                     for (const json& message : messages) {
                         push(world, client, message);
                     }
                 });
    steps.define("the server tries to send {values}", [](World& world, Values messages) {
        world.attempt([&] { world.small_server().send_obj(messages.at(0)); });
    });
    steps.define("the server sends more than the client reads", [](World& world) {
        SmallServer& server = world.small_server();
        eventually([&] { return server.connected(); }, "no client is served");
        world.attempt([&] { send_without_end(server); });
    });
    steps.define("the server broadcasts {values}", [](World& world, Values messages) {
        world.count = world.big_server().broadcast(messages.at(0));
    });
    steps.define("the broadcast has reached {int} client(s)", [](World& world, int count) {
        expect_equal(world.count, std::size_t(count), "clients reached");
    });
}

void define_clients_seen(Steps& steps) {
    steps.define("the server has no client any more", [](World& world) {
        const auto empty = [&] {
            return world.big ? world.big->active() == 0 : !world.small_server().connected();
        };
        eventually(empty, "there still are clients");
    });
    steps.define("{int} connection(s) has been refused", [](World& world, int count) {
        eventually(
            [&] {
                return world.server().client_stats().refused_connections == std::uint64_t(count);
            },
            "another number of connections has been refused");
    });
    steps.define("a server without a thread waits for a client", [](World& world) {
        jsocket::JsonServer server(world.server_options);
        world.attempt([&] { server.accept_connection(); });
    });
}

}  // namespace

void define_server_steps(Steps& steps) {
    define_starting(steps);
    define_stopping(steps);
    define_pushing(steps);
    define_clients_seen(steps);
}
