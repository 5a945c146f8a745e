// SPDX-License-Identifier: Apache-2.0
// JSON-RPC: methods with types, and all the ways to call them.
#include <jsocket/rpc/rpc.hpp>

#include <cmath>
#include <future>
#include <iostream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace rpc = jsocket::rpc;
using jsocket::json;

rpc::Dispatcher make_methods() {
    rpc::Dispatcher methods({.title = "Calculator", .version = "1.0"});

    // Types and number of the parameters are checked before the function is called.
    methods.bind("subtract", [](int a, int b) { return a - b; }, {"a", "b"});

    // An optional may be left out.
    methods.bind("round",
                 [](double number, std::optional<int> step) {
                     const int width = step.value_or(1);
                     return width * std::lround(number / width);
                 },
                 {"number", {"step", "What the result is a multiple of; 1 if left out"}});

    // An error object, with a code of our own and what else there is to say.
    methods.bind("divide",
                 [](double a, double b) {
                     if (b == 0) throw rpc::RpcError(1, "Division by zero", {{"dividend", a}});
                     return a / b;
                 },
                 {"a", "b"}, {.description = "The quotient of two numbers"});

    methods.bind("mean", [](const std::vector<double>& numbers) -> std::optional<double> {
        if (numbers.empty()) return std::nullopt;  // JSON null
        const auto count = static_cast<double>(numbers.size());
        return std::accumulate(numbers.begin(), numbers.end(), 0.0) / count;
    });
    return methods;
}

int main() {
    jsocket::Running<rpc::Server> server({.port = 0}, make_methods());

    rpc::Client client({.port = server.port()});
    client.connect();

    // Parameters by position, by name, and not all of them.
    std::cout << "subtract: " << client.call<int>("subtract", {42, 23}) << '\n';
    std::cout << "subtract: " << client.call<int>("subtract", {{"b", 23}, {"a", 42}}) << '\n';
    std::cout << "round: " << client.call<int>("round", {47.2}) << '\n';
    std::cout << "round: " << client.call<int>("round", {{"number", 47.2}, {"step", 5}}) << '\n';

    // What is asked for as no more than JSON, or as a type that null fits into.
    std::cout << "mean: " << client.call("mean", {{1, 2, 6}}) << '\n';
    const auto nothing = client.call<std::optional<double>>("mean", {json::array()});
    std::cout << "mean: " << (nothing ? "something" : "nothing") << '\n';

    try {
        client.call("divide", {1, 0});
    } catch (const rpc::RpcError& error) {
        std::cout << "divide: " << error.message() << ", code " << error.code() << ", data "
                  << error.data() << '\n';
    }
    try {
        client.call("subtract", {1, 4'294'967'297});
    } catch (const rpc::RpcError& error) {
        std::cout << "subtract: " << error.data() << '\n';
    }

    // Several calls under way on one connection.
    std::vector<std::future<double>> quotients;
    for (int i = 1; i <= 3; ++i) quotients.push_back(client.async_call<double>("divide", {12, i}));
    for (auto& quotient : quotients) std::cout << "divide: " << quotient.get() << '\n';

    // Several calls in one message; one that fails does not concern the others.
    rpc::Batch batch;
    batch.call("subtract", {1, 1});
    batch.call("modulo", {7, 4});
    batch.call("divide", {1, 4});
    for (const rpc::Outcome& outcome : client.batch(batch)) {
        try {
            const auto result = outcome.get<double>();
            std::cout << "batch: " << result << '\n';
        } catch (const rpc::RpcError& error) {
            std::cout << "batch: " << error.message() << '\n';
        }
    }
}
