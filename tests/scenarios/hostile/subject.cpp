// SPDX-License-Identifier: Apache-2.0
#include "scenarios/hostile/subject.hpp"

#include "server/scripted.hpp"
#include "support/wait.hpp"

#include <chrono>
#include <cstdio>
#include <malloc.h>
#include <unistd.h>

namespace test_support {
namespace {

constexpr std::size_t page_size = 96 * kibibyte;

/// Serves until the test is over.
template <typename Server>
void serve(Server& server, int answer, int life) {
    server.start();
    const std::uint16_t port = server.port();
    if (::write(answer, &port, sizeof(port)) != sizeof(port)) throw_errno("write");
    char byte;
    while (::read(life, &byte, 1) > 0) continue;
    server.stop();
    server.join();
}

template <typename Handler>
Hooks<Handler> hooks_of(ServerKind kind) {
    Hooks<Handler> hooks;
    if (kind == ServerKind::payload) {
        hooks.payload = [](std::string_view payload, std::string& reply) { reply = payload; };
    } else if (kind != ServerKind::echo) {
        hooks.message = [](auto&, json& message) { return json(message.size()); };
    }
    return hooks;
}

/// One connection after the other, until there is none.
template <typename Use>
void while_connected(const Use& use) {
    for (;;) {
        try {
            use();
        } catch (const jsocket::ConnectError&) {
            return;
        } catch (const jsocket::Error&) {
            continue;  // the next connection
        }
    }
}

void read_all(jsocket::JsonClient& client, bool into) {
    client.connect();
    for (json tree;;) {
        if (into) {
            client.read_obj(tree);
        } else {
            tree = client.read_obj();
        }
        client.send_obj(1);
    }
}

/// A call that is never answered ends with the connection.
void be_called(jsocket::rpc::Client& client) {
    client.connect();
    client.call<void>("wait", nullptr, {.timeout = jsocket::no_timeout});
}

jsocket::ClientOptions client_options(jsocket::Framing framing, std::uint16_t port) {
    jsocket::ClientOptions options;
    options.port = port;
    options.framing = framing;
    options.limits = hostile_limits;
    options.recv_timeout = 3 * patience;
    options.retry = {.attempts = 1};
    return options;
}

/// What a test has left to the child of its fork is no room for what the child allocates.
void forget_the_parent() { ::malloc_trim(0); }

}  // namespace

jsocket::ServerOptions hostile_server_options() {
    jsocket::ServerOptions options;
    options.limits = hostile_limits;
    options.recv_timeout = 3 * patience;
    options.message_deadline = 3 * patience;
    options.send_timeout = 3 * patience;
    options.max_call_threads = 16;
    return options;
}

jsocket::ServerOptions crowded_server_options() {
    jsocket::ServerOptions options = hostile_server_options();
    options.memory_budget = 16 * mebibyte;
    options.send_timeout = std::chrono::milliseconds(300);
    options.message_deadline = std::chrono::seconds(2);
    options.min_receive_rate = 1;
    return options;
}

jsocket::rpc::Options hostile_rpc_options() {
    jsocket::rpc::Options options;
    options.max_calls_in_flight = 8;
    options.max_bytes_in_flight = 256 * kibibyte;
    return options;
}

jsocket::rpc::Dispatcher hostile_methods() {
    jsocket::rpc::Dispatcher methods(hostile_rpc_options());
    methods.bind_raw("echo", [](json& params) { return std::move(params); });
    methods.bind("page", [] { return std::string(page_size, 'p'); });
    methods.bind("ask", [](jsocket::rpc::Call& call) {
        return call.peer().call("answer", nullptr, {.timeout = 3 * patience});
    });
    for (int i = 0; i < 50; ++i) {
        methods.bind("described" + std::to_string(i), [](int number) { return number; }, {"number"},
                     {.description = std::string(300, 'd')});
    }
    return methods;
}

HostedServer::HostedServer(ServerKind kind, jsocket::ServerOptions options)
    : process_([&](int answer, int life) { return run(kind, options, answer, life); }) {
    process_.read(&port_, sizeof(port_));
}

int HostedServer::run(ServerKind kind, const jsocket::ServerOptions& options, int answer,
                      int life) {
    forget_the_parent();
    try {
        if (kind == ServerKind::rpc) {
            jsocket::rpc::Server server(options, hostile_methods());
            serve(server, answer, life);
        } else if (kind == ServerKind::threaded) {
            ScriptedServer server(options, hooks_of<ScriptedServer>(kind));
            serve(server, answer, life);
        } else {
            jsocket::ServerFactory<ScriptedWorker> server(options, hooks_of<ScriptedWorker>(kind));
            serve(server, answer, life);
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "server process: %s\n", error.what());
        return 1;
    }
}

HostedClient::HostedClient(ClientKind kind, jsocket::Framing framing)
    : process_([=](int, int life) { return run(kind, framing, life); }) {}

int HostedClient::run(ClientKind kind, jsocket::Framing framing, int life) {
    forget_the_parent();
    try {
        std::uint16_t port = 0;
        if (::read(life, &port, sizeof(port)) != sizeof(port)) return 0;  // nobody needs it
        const jsocket::ClientOptions options = client_options(framing, port);
        if (kind == ClientKind::rpc) {
            jsocket::rpc::Client client(options, hostile_methods());
            while_connected([&] { be_called(client); });
        } else {
            jsocket::JsonClient client(options);
            while_connected([&] { read_all(client, kind == ClientKind::read_into); });
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "client process: %s\n", error.what());
        return 1;
    }
}

}  // namespace test_support
