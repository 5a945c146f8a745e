// SPDX-License-Identifier: Apache-2.0
#include "torture/causes.hpp"
#include "torture/rpc_client_life.hpp"
#include "torture/rpc_server_life.hpp"

#include <optional>
#include <string>
#include <utility>

namespace {

using namespace test_support;

constexpr Cause no_memory{Call::allocation, ENOMEM};

auto rpc_server_life() {
    return [](Fault& fault) { RpcServerLife(fault).run(); };
}

/// Of a client of a server that is well.
auto rpc_client_life() {
    return [](Fault& fault) {
        RpcDesk desk(1);
        const jsocket::rpc::Dispatcher methods = desk.methods();
        {
            const jsocket::ServerOptions options{.port = 0, .answer_stats = true};
            jsocket::Running<jsocket::rpc::Server> server(options, methods);
            RpcClientLife(server.port(), desk, fault).run();
        }
        EXPECT_EQ(desk.inside(), 0);
    };
}

/// Without a connection.
void answer_texts(const Fault& fault) {
    RpcDesk desk;
    const jsocket::rpc::Dispatcher methods = desk.methods();
    for (
        const auto& [text, expected] : {
            std::pair{
                R"({"jsonrpc":"2.0","method":"add","params":{"a":1,"b":2},"id":"an id that takes memory"})",
                R"({"id":"an id that takes memory","jsonrpc":"2.0","result":3})"},
            std::pair{
                R"([{"jsonrpc":"2.0","method":"nothing","params":[[1],{"a":2}],"id":1},{"b":[1,2]}])",
                R"([{"error":{"code":-32601,"message":"Method not found"},"id":1,"jsonrpc":"2.0"},)"
                R"({"error":{"code":-32600,"message":"Invalid Request"},"id":null,"jsonrpc":"2.0"}])"},
            std::pair{
                R"([{"jsonrpc":"2.0"},{"a":[)",
                R"({"error":{"code":-32700,"message":"Parse error"},"id":null,"jsonrpc":"2.0"})"},
        }) {
        std::optional<std::string> reply;
        if (goes_well(fault, [&] { reply = methods.answer_text(text); }) && reply != expected) {
            EXPECT_TRUE(fault.is_excuse()) << reply.value_or("nothing");
        }
    }
}

TEST(RpcAllocationFaults, OfADispatcherCostOneAnswer) {
    warm_up(answer_texts);
    report(torture(no_memory, 100, answer_texts));
}

TEST(RpcAllocationFaults, OfAServerCostOneClientAtMost) {
    const auto life = rpc_server_life();
    warm_up(life);
    report(torture(no_memory, 60, life));
}

TEST(RpcAllocationFaults, OfAClientCostOneConnectionAtMost) {
    const auto life = rpc_client_life();
    warm_up(life);
    report(torture(no_memory, 60, life));
}

TEST(RpcCallFaults, OfAServerCostOneClientAtMost) { torture_with_all(1, rpc_server_life()); }

TEST(RpcCallFaults, OfAClientCostOneConnectionAtMost) { torture_with_all(1, rpc_client_life()); }

}  // namespace
