// SPDX-License-Identifier: Apache-2.0
// Messages nobody asked for: from the server to one client, and to all of them.
#include <jsocket/jsocket.hpp>

#include <iostream>
#include <optional>

using jsocket::json;

/// Tells its client by which number the server knows it.
class Subscriber : public jsocket::ServerFactoryThread {
    std::optional<json> process_message(json&) override {
        // send_obj() in a hook goes to the worker's own client, ahead of the reply.
        send_obj({{"news", "welcome"}});
        return json{{"session", session_id()}};
    }
};

int main() {
    jsocket::Running<jsocket::ServerFactory<Subscriber>> server;

    jsocket::JsonClient ann({.port = server.port()});
    jsocket::JsonClient bob({.port = server.port()});
    ann.connect();
    bob.connect();

    // connect() returns once the connection stands in the listen queue; a first reply shows that
    // the server has accepted it, and from then on a broadcast reaches it.
    std::cout << "ann: " << ann.request({{"client", "ann"}}) << '\n';
    std::cout << "bob: " << bob.request({{"client", "bob"}}) << '\n';
    const jsocket::SessionId bobs_session = bob.read_obj().at("session");
    ann.read_obj();  // her session, not needed here

    // Any thread may push, also while a worker replies: messages never interleave.
    server.send_obj(bobs_session, {{"news", "for bob alone"}});
    const auto reached = server.broadcast({{"news", "for everybody"}});
    std::cout << "reached " << reached << " clients\n";

    std::cout << "ann: " << ann.read_obj() << '\n';
    std::cout << "bob: " << bob.read_obj() << '\n';
    std::cout << "bob: " << bob.read_obj() << '\n';

    // A session's number is never used again, so this cannot reach somebody else by accident.
    server.disconnect(bobs_session);
    try {
        bob.read_obj();
    } catch (const jsocket::ConnectionClosed&) {
        std::cout << "bob: disconnected\n";
    }
}
