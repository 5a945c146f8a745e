// SPDX-License-Identifier: Apache-2.0
// Sends a few messages to echo_server and prints what comes back:
//
//     echo_client PORT
#include <jsocket/endpoint.hpp>
#include <jsocket/jsocket.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>

using jsocket::json;
using namespace std::chrono_literals;

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: echo_client PORT\n";
        return 2;
    }
    const auto endpoint = jsocket::parse_endpoint("127.0.0.1:" + std::string(argv[1]));

    // Options are plain structs; what is not named keeps its default. A server that is not there
    // is tried three times, with short pauses of growing length.
    jsocket::JsonClient client({.port = endpoint.port, .retry = {.attempts = 3}});
    client.connect();

    // Sending and reading are separate: a reply is just the next message that comes.
    client.send_obj({{"client", "example"}, {"number", 1}});
    client.send_obj({{"client", "example"}, {"number", 2}});
    std::cout << client.read_obj() << '\n';
    std::cout << client.read_obj() << '\n';

    // Most programs want both at once. Any JSON value is a message, not only objects.
    std::cout << client.request(json::array({1, 2.5, "three", nullptr})) << '\n';

    // Nothing more is on its way: no error where a program expects it.
    const std::optional<json> more = client.try_read_obj(10ms);
    std::cout << (more ? "one more message" : "no more messages") << '\n';

    // The connection is closed at the end of the scope.
} catch (const jsocket::Error& error) {
    std::cerr << "echo_client: " << error.what() << '\n';
    return 1;
}
