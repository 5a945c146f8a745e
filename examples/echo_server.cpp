// SPDX-License-Identifier: Apache-2.0
// Answers each message with itself, until Ctrl-C:
//
//     echo_server [PORT]
//
// Without a port it takes a free one. Talk to it with echo_client, with the Python package, or,
// since a server understands one JSON text a line as well, with netcat.
#include <jsocket/endpoint.hpp>
#include <jsocket/jsocket.hpp>

#include <csignal>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

class Echo : public jsocket::ThreadedServer {
  public:
    using ThreadedServer::ThreadedServer;

  private:
    // The message is ours to read, change, or move from, as here.
    std::optional<json> process_message(json& message) override { return std::move(message); }
};

int main(int argc, char** argv) try {
    // Blocked before the server has threads, which inherit it: the signals wait for sigwait().
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    const std::string port = argc > 1 ? argv[1] : "0";
    const jsocket::Endpoint endpoint = jsocket::parse_endpoint("127.0.0.1:" + port);

    // Runs from here to the end of main: clients can connect before the next line is reached.
    jsocket::Running<Echo> server({.address = endpoint.address, .port = endpoint.port});
    std::cout << "listening on " << server.endpoint() << std::endl;

    int received = 0;
    sigwait(&signals, &received);
} catch (const jsocket::Error& error) {  // a port that is taken, or is no number
    std::cerr << "echo_server: " << error.what() << '\n';
    return 1;
}
