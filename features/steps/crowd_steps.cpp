// SPDX-License-Identifier: Apache-2.0
// What many clients do, and what happens at the same time.
#include "expect.hpp"
#include "steps.hpp"
#include "world.hpp"

#include <future>

namespace {

using jsocket::json;

const std::string filling(500, '.');

Name numbered(int number) { return {"client " + std::to_string(number)}; }

/// Both directions at once; the World keeps what the client received.
void push_while_sending(World& world, int pushed, int sent) {
    SmallServer& server = world.small_server();
    eventually([&] { return server.connected(); }, "no client is served");
    jsocket::JsonClient& client = world.client({"client"});
    auto pushing = std::async(std::launch::async, [&] {
        for (int i = 0; i < pushed; ++i) {
            server.send_obj({{"pushed", i}, {"filling", filling}});
        }
    });
    auto sending = std::async(std::launch::async, [&] {
        for (int i = 0; i < sent; ++i) {
            client.send_obj({{"sent", i}, {"filling", filling}});
        }
    });
    for (int i = 0; i < pushed + sent; ++i) {
        world.received.push_back(world.receive({"client"}));
    }
    pushing.get();
    sending.get();
}

void expect_whole_and_in_order(World& world) {
    int pushed = 0;
    int sent = 0;
    for (const json& message : world.received) {
        const bool is_answer = message.contains("sent");
        const int number = message.at(is_answer ? "sent" : "pushed");
        expect_equal(number, is_answer ? sent++ : pushed++, "the number of the message");
        expect_equal(message.at("filling"), json(filling), "the rest of the message");
    }
}

void come_and_go(World& world, int clients) {
    for (int number = 1; number <= clients; ++number) {
        jsocket::JsonClient& client = world.connect({"client"});
        client.request({{"client", numbered(number).text}});
        client.close();
    }
}

}  // namespace

void define_crowd_steps(Steps& steps) {
    steps.define("nobody is connected", [](World&) {});
    steps.define("{int} connected clients", [](World& world, int clients) {
        for (int number = 1; number <= clients; ++number) {
            world.connect(numbered(number));
        }
    });
    steps.define("all clients leave", [](World& world) {
        for (auto& [name, client] : world.clients) {
            client.close();
        }
    });
    steps.define("each client sends its number {int} times", [](World& world, int times) {
        for (int i = 0; i < times; ++i) {
            for (auto& [name, client] : world.clients) {
                client.send_obj(name.text);
            }
        }
    });
    steps.define("each client receives its number {int} times", [](World& world, int times) {
        for (int i = 0; i < times; ++i) {
            for (auto& [name, client] : world.clients) {
                expect_equal(world.receive(name), json(name.text),
                             "what " + name.text + " received");
            }
        }
    });
    steps.define("each client receives {values}", [](World& world, Values messages) {
        for (auto& [name, client] : world.clients) {
            for (const json& message : messages) {
                expect_equal(world.receive(name), message, "what " + name.text + " received");
            }
        }
    });
    steps.define("the server pushes {int} messages while the client sends {int}",
                 push_while_sending);
    steps.define("each of them has arrived whole and in its order", expect_whole_and_in_order);
    steps.define("{int} clients with names of their own come and go", come_and_go);
}
