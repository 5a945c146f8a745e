// SPDX-License-Identifier: Apache-2.0
//
// A JSON-RPC server whose method `echo` returns its parameters: on a thread for each call in
// flight, as methods do by default, or on the connection's own. Usage: jsocket_rpc_echo
// concurrently|immediately --bind 127.0.0.1:PORT
#include "peers/peer.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <iostream>
#include <unistd.h>
#include <utility>

namespace {

namespace rpc = jsocket::rpc;

template <rpc::Run run>
void serve(const peers::Address& address) {
    rpc::Dispatcher methods;
    methods.bind_raw("echo", [](jsocket::json& params) { return std::move(params); }, {.run = run});
    const jsocket::Running<rpc::Server> server(
        {.address = address.host, .port = address.port, .max_connections = 20000},
        std::move(methods));
    peers::announce(address.host, server.port());
    for (;;) pause();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view run = argc > 1 ? argv[1] : "";
    if (run != "concurrently" && run != "immediately") {
        std::cerr << "usage: " << argv[0] << " concurrently|immediately --bind 127.0.0.1:PORT\n";
        return 2;
    }
    argv[1] = argv[0];
    return peers::run(
        argc - 1, argv + 1, "--bind",
        run == "immediately" ? serve<rpc::Run::immediately> : serve<rpc::Run::concurrently>);
}
