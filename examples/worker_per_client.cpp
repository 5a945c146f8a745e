// SPDX-License-Identifier: Apache-2.0
// Many clients at once, each with a worker, and so with state, of its own.
#include <jsocket/jsocket.hpp>

#include <iostream>
#include <optional>
#include <string>
#include <utility>

using jsocket::json;

/// Adds up the numbers of one client.
class Adder : public jsocket::ServerFactoryThread {
  public:
    // Called for each new client, on that client's thread, with the arguments given to the factory.
    Adder(int first, std::string unit) : sum_(first), unit_(std::move(unit)) {}

  private:
    std::optional<json> process_message(json& message) override {
        // at() and get() throw if the member is missing or no number. An exception that leaves a
        // hook costs this client its connection; the server and the other clients go on.
        sum_ += message.at("add").get<int>();
        return json{{"sum", sum_}, {"unit", unit_}};
    }

    // No mutex: hooks of one worker run on one thread, one at a time.
    int sum_;
    std::string unit_;
};

int main() {
    // The factory owns the workers and their threads. A worker lives as long as its connection;
    // when it has gone, the factory joins its thread and destroys it.
    jsocket::Running<jsocket::ServerFactory<Adder>> server({.port = 0}, 100, "apples");

    jsocket::JsonClient ann({.port = server.port()});
    jsocket::JsonClient bob({.port = server.port()});
    ann.connect();
    bob.connect();

    std::cout << "ann: " << ann.request({{"add", 5}}) << '\n';
    std::cout << "bob: " << bob.request({{"add", 20}}) << '\n';
    std::cout << "ann: " << ann.request({{"add", 1}}) << '\n';

    try {
        bob.request({{"add", "a lot"}});
    } catch (const jsocket::ConnectionError&) {
        std::cout << "bob: lost the connection\n";
    }
    std::cout << "ann: " << ann.request({{"add", 1}}) << '\n';

    bob.connect();  // the same client may connect again; the server gives it a new worker
    std::cout << "bob: " << bob.request({{"add", 2}}) << '\n';
}
