// SPDX-License-Identifier: Apache-2.0
//
// An echo server with Cap'n Proto RPC.
#include "echo.capnp.h"
#include "peers/peer.hpp"

#include <capnp/ez-rpc.h>
#include <string_view>

namespace {

class EchoServer final : public peers::rpc::Echo::Server {
    kj::Promise<void> echo(EchoContext context) override {
        const capnp::Text::Reader text = context.getParams().getJson();
        const std::string reply = peers::answer(std::string_view(text.cStr(), text.size()));
        context.getResults().setJson(capnp::Text::Reader(reply.c_str(), reply.size()));
        return kj::READY_NOW;
    }
};

void serve(const peers::Address& address) {
    capnp::EzRpcServer server(kj::heap<EchoServer>(), address.host, address.port);
    kj::WaitScope& wait_scope = server.getWaitScope();
    peers::announce(address.host, server.getPort().wait(wait_scope));
    kj::NEVER_DONE.wait(wait_scope);
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, "--bind", serve); }
