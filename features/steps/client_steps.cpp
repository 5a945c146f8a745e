// SPDX-License-Identifier: Apache-2.0
// What one client does and sees.
#include "expect.hpp"
#include "steps.hpp"
#include "world.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <limits>

namespace {

using jsocket::json;
using std::chrono::milliseconds;

jsocket::ClientOptions speaking(World& world, const std::string& format) {
    const auto framing = jsocket::framing_from_string(format);
    expect(framing.has_value(), "there is no wire format called " + format);
    jsocket::ClientOptions options = world.client_options;
    options.framing = *framing;
    return options;
}

/// Closes it, and waits until the server knows if there is a way to tell.
void leave(World& world, const Name& client) {
    world.client(client).close();
    if (world.big) {
        const jsocket::SessionId id = world.sessions.at(client);
        const auto gone = [&] {
            const std::vector<jsocket::SessionId> sessions = world.big->sessions();
            return std::find(sessions.begin(), sessions.end(), id) == sessions.end();
        };
        eventually(gone, "the server still has a client that left");
    }
}

/// Reads until there is nothing more to read, and expects that to be an end, not a time-out.
void expect_end(jsocket::JsonClient& client) {
    try {
        for (;;) {
            client.read_obj();
        }
    } catch (const jsocket::ConnectionError& error) {
        expect(std::string(error.what()).find("socket connection broken") != std::string::npos,
               std::string("an unusual text for a broken connection: ") + error.what());
    }
    expect(!client.connected(), "the client believes to be connected");
}

/// A client that is connecting, in the background, to a file where a server will listen.
void connect_early(World& world) {
    world.server_options.address = "unix:" + world.folder().path() + "/late";
    jsocket::ClientOptions options = world.client_options;
    options.address = world.server_options.address;
    options.retry.attempts = 1000;
    options.retry.deadline = patience;
    options.retry.max_backoff = milliseconds(20);
    const Name name{"client"};
    jsocket::JsonClient& client =
        world.clients.insert_or_assign(name, jsocket::JsonClient(options)).first->second;
    world.background = std::async(std::launch::async, [&client] { client.connect(); });
}

/// A place that a client has left is free a moment after that client is known to have gone.
void connect_when_possible(World& world, Name name) {
    const auto served = [&] {
        try {
            jsocket::JsonClient& client = world.new_client(name, world.client_options);
            client.connect();
            client.request("is there a place?");
            return true;
        } catch (const jsocket::ConnectionError&) {
            return false;
        }
    };
    eventually(served, "there is no place for " + name.text);
}

void define_connecting(Steps& steps) {
    steps.define("a connected client", [](World& world) { world.connect({"client"}); });
    steps.define("{client} connects", [](World& world, Name client) { world.connect(client); });
    steps.define("{client} connects as soon as there is a place", connect_when_possible);
    steps.define("{client} connects again", [](World& world, Name client) {
        world.client(client).connect();
        expect(world.client(client).connected(), "not connected");
    });
    steps.define("{client} and {client} are connected", [](World& world, Name first, Name second) {
        world.connect(first);
        world.connect(second);
    });
    steps.define("a connected client that speaks {string}", [](World& world, std::string format) {
        world.connect({"client"}, speaking(world, format));
    });
    steps.define("{client} speaks {string}", [](World& world, Name client, std::string format) {
        world.connect(client, speaking(world, format));
    });
    steps.define("a connected client with a receive time-out of {duration}",
                 [](World& world, milliseconds time) {
                     world.client_options.recv_timeout = time;
                     world.connect({"client"});
                 });
    steps.define("a client that is connecting to a server that does not run yet", connect_early);
    steps.define("the server starts", [](World& world) { world.start_small(echoing()); });
    steps.define("the client gets connected", [](World& world) {
        world.background.get();
        expect(world.client({"client"}).connected(), "not connected");
    });
    steps.define("a client that takes at most {duration} to connect",
                 [](World& world, milliseconds time) {
                     world.client_options.retry.attempts = 1000;
                     world.client_options.retry.deadline = time;
                 });
    steps.define("the client tries to connect where nobody listens", [](World& world) {
        world.client_options.address = "unix:" + world.folder().path() + "/nobody";
        jsocket::JsonClient client(world.client_options);
        world.attempt([&] { client.connect(); });
    });
}

void define_leaving(Steps& steps) {
    steps.define("{client} leaves", leave);
    steps.define("{client} is disconnected",
                 [](World& world, Name client) { expect_end(world.client(client)); });
    steps.define("{client} is still connected", [](World& world, Name client) {
        expect(world.client(client).connected(), "no longer connected");
    });
    steps.define("{client} is no longer connected", [](World& world, Name client) {
        expect(!world.client(client).connected(), "still connected");
    });
    steps.define("the client is closed while it reads", [](World& world) {
        jsocket::JsonClient& client = world.client({"client"});
        world.background = std::async(std::launch::async, [&client] { client.read_obj(); });
        expect(world.background.wait_for(milliseconds(50)) == std::future_status::timeout,
               "reading ends by itself");
        client.close();
    });
    steps.define("the client has stopped reading", [](World& world) {
        world.attempt([&] { world.background.get(); });
        expect_equal(world.problem, "closed", "what ended reading");
    });
}

void define_messages(Steps& steps) {
    steps.define("{client} sends {values}", [](World& world, Name client, Values messages) {
        for (const json& message : messages) {
            world.client(client).send_obj(message);
        }
    });
    steps.define("{client} receives {values}", [](World& world, Name client, Values messages) {
        for (const json& message : messages) {
            expect_equal(world.receive(client), message, "the message received");
        }
    });
    steps.define("{client} still gets an echo", [](World& world, Name client) {
        world.measure([&] { world.expect_echo(client); });
    });
    steps.define("{client}, {client} and {client} still get their echoes",
                 [](World& world, Name first, Name second, Name third) {
                     for (const Name& client : {first, second, third}) {
                         world.expect_echo(client);
                     }
                 });
    steps.define("{client} receives nothing for {duration}",
                 [](World& world, Name client, milliseconds time) {
                     const auto message = world.client(client).try_read_obj(time);
                     expect(!message, "it received " + message.value_or(nullptr).dump());
                 });
    steps.define("{client} sends the numbers from {int} to {int}",
                 [](World& world, Name client, int first, int last) {
                     for (int number = first; number <= last; ++number) {
                         world.client(client).send_obj(number);
                     }
                 });
    steps.define("{client} receives the numbers from {int} to {int}",
                 [](World& world, Name client, int first, int last) {
                     for (int number = first; number <= last; ++number) {
                         expect_equal(world.receive(client), json(number), "the message");
                     }
                 });
    steps.define("{client} sends a text of {int} characters",
                 [](World& world, Name client, int length) {
                     world.client(client).send_obj(std::string(std::size_t(length), 'x'));
                 });
    steps.define("{client} receives a text of {int} characters",
                 [](World& world, Name client, int length) {
                     const json message = world.receive(client);
                     expect(message == std::string(std::size_t(length), 'x'), "another message");
                 });
}

json unsendable(const std::string& what, const jsocket::Limits& limits) {
    if (what == "a text over the size limit") {
        return std::string(limits.max_message_size, 'x');
    }
    if (what == "an array of too many values") {
        return std::vector<int>(limits.max_elements, 0);
    }
    if (what == "a number that is not finite") {
        return std::numeric_limits<double>::infinity();
    }
    if (what == "a text that is not UTF-8") {
        return "\xff";
    }
    expect(what == "an array nested too deeply", "no step knows " + what);
    json nested = json::array();
    for (std::size_t depth = 1; depth <= limits.max_depth; ++depth) {
        nested = json::array({std::move(nested)});
    }
    return nested;
}

void define_failures(Steps& steps) {
    steps.define("{client} tries to send {thing}", [](World& world, Name name, std::string what) {
        jsocket::JsonClient& client = world.client(name);
        const json message = unsendable(what, client.options().limits);
        world.attempt([&] { client.send_obj(message); });
    });
    steps.define("that is refused as {string}", [](World& world, std::string problem) {
        expect_equal(world.problem, problem, "the reason");
    });
    steps.define("it took less than {duration}", [](World& world, milliseconds limit) {
        expect(world.took < limit, "it took " + std::to_string(world.took.count()) + " ms");
    });
    steps.define("{client} gives up reading within {duration}", [](World& world, Name client,
                                                                   milliseconds limit) {
        world.attempt([&] { world.client(client).read_obj(); });
        expect_equal(world.problem, "timeout", "the reason");
        expect(world.took < limit, "it took " + std::to_string(world.took.count()) + " ms");
    });
    steps.define("reading fails at {client} with {string}",
                 [](World& world, Name client, std::string problem) {
                     world.attempt([&] { world.client(client).read_obj(); });
                     expect_equal(world.problem, problem, "the reason");
                 });
}

}  // namespace

void define_client_steps(Steps& steps) {
    define_connecting(steps);
    define_leaving(steps);
    define_messages(steps);
    define_failures(steps);
}
