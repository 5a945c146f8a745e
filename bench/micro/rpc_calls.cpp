// SPDX-License-Identifier: Apache-2.0
//
// What JSON-RPC costs on a connection: a call against the same messages without it.
#include <jsocket/jsocket.hpp>
#include <jsocket/rpc/rpc.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <deque>
#include <future>
#include <optional>
#include <utility>

namespace jsocket::bench {
namespace {

/// Answers the same calls by hand, trusting its clients.
class ByHand : public ServerFactoryThread {
    std::optional<json> process_message(json& message) override {
        json reply = json::object();
        reply["jsonrpc"] = "2.0";
        reply["id"] = std::move(message["id"]);
        const json& params = message["params"];
        reply["result"] = params[0].get<int>() + params[1].get<int>();
        return reply;
    }
};

json request(int i) {
    return {{"jsonrpc", "2.0"}, {"method", "sum"}, {"params", {i, 1}}, {"id", i}};
}

rpc::Dispatcher methods(rpc::Run run) {
    rpc::Dispatcher methods;
    methods.bind("sum", [](int a, int b) { return a + b; }, {"a", "b"}, {.run = run});
    return methods;
}

void rpc_by_hand(benchmark::State& state) {
    const Running<ServerFactory<ByHand>> server;
    JsonClient client({.port = server.port()});
    client.connect();
    int i = 0;
    for (auto _ : state) benchmark::DoNotOptimize(client.request(request(++i)));
}
BENCHMARK(rpc_by_hand)->UseRealTime();

/// The server's part by itself.
void rpc_server(benchmark::State& state, rpc::Run run) {
    const Running<rpc::Server> server({}, methods(run));
    JsonClient client({.port = server.port()});
    client.connect();
    int i = 0;
    for (auto _ : state) benchmark::DoNotOptimize(client.request(request(++i)));
}
BENCHMARK_CAPTURE(rpc_server, immediately, rpc::Run::immediately)->UseRealTime();
BENCHMARK_CAPTURE(rpc_server, concurrently, rpc::Run::concurrently)->UseRealTime();

void rpc_call(benchmark::State& state, rpc::Run run) {
    const Running<rpc::Server> server({}, methods(run));
    rpc::Client client({.port = server.port()});
    client.connect();
    int i = 0;
    for (auto _ : state) benchmark::DoNotOptimize(client.call<int>("sum", {++i, 1}));
}
BENCHMARK_CAPTURE(rpc_call, immediately, rpc::Run::immediately)->UseRealTime();
BENCHMARK_CAPTURE(rpc_call, concurrently, rpc::Run::concurrently)->UseRealTime();

/// 60 of the 64 calls that may be in flight.
void rpc_async_call(benchmark::State& state, rpc::Run run) {
    constexpr std::size_t window = 60;
    const Running<rpc::Server> server({}, methods(run));
    rpc::Client client({.port = server.port()});
    client.connect();
    std::deque<std::future<int>> results;
    int i = 0;
    for (auto _ : state) {
        results.push_back(client.async_call<int>("sum", {++i, 1}));
        if (results.size() < window) continue;
        benchmark::DoNotOptimize(results.front().get());
        results.pop_front();
    }
    for (auto& result : results) result.get();
}
BENCHMARK_CAPTURE(rpc_async_call, immediately, rpc::Run::immediately)->UseRealTime();
BENCHMARK_CAPTURE(rpc_async_call, in_order, rpc::Run::in_order)->UseRealTime();
BENCHMARK_CAPTURE(rpc_async_call, concurrently, rpc::Run::concurrently)->UseRealTime();

}  // namespace
}  // namespace jsocket::bench
