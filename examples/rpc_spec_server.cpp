// SPDX-License-Identifier: Apache-2.0
// The methods that the examples of the JSON-RPC 2.0 specification call; `jsocket top` shows them at
// work.
// Usage: rpc_spec_server [--bind HOST:PORT]
#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/rpc/rpc.hpp>

#include <csignal>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <string_view>
#include <vector>

namespace {

namespace rpc = jsocket::rpc;
using jsocket::json;

rpc::Dispatcher make_methods() {
    rpc::Dispatcher methods({.title = "Examples of the specification", .version = "2.0"});
    methods.bind("subtract",
                 [](std::int32_t minuend, std::int32_t subtrahend) {
                     return std::int64_t{minuend} - subtrahend;
                 },
                 {"minuend", "subtrahend"}, {.description = "The difference of two numbers"});
    methods.bind_raw("sum",
                     [](json& params) {
                         const auto numbers =
                             rpc::convert<std::vector<std::int32_t>>(params, "params");
                         return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
                     },
                     {.description = "The sum of any number of numbers"});
    methods.bind("get_data", [] { return json{"hello", 5}; });
    for (const char* notification : {"update", "notify_hello", "notify_sum"}) {
        methods.bind_raw(notification, [](json&) {}, {.description = "Takes note of anything"});
    }
    return methods;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view option = argc > 1 ? argv[1] : "";
    if (argc != 1 && (argc != 3 || option != "--bind")) {
        std::cerr << "usage: rpc_spec_server [--bind HOST:PORT]\n";
        return 2;
    }
    // Blocked in all threads, so that they wait for sigwait() below.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    try {
        const auto where = jsocket::parse_endpoint(argc == 3 ? argv[2] : "127.0.0.1:0");
        const jsocket::Running<rpc::Server> server(
            {.address = where.address, .port = where.port, .answer_stats = true}, make_methods());
        std::cout << "listening on " << server.endpoint() << std::endl;
        int signal = 0;
        sigwait(&signals, &signal);
    } catch (const jsocket::Error& error) {
        std::cerr << "rpc_spec_server: " << error.what() << '\n';
        return dynamic_cast<const jsocket::UsageError*>(&error) ? 2 : 1;
    }
}
