// SPDX-License-Identifier: Apache-2.0
//
// A JSON-RPC server over HTTP with libjson-rpc-cpp: method `echo` returns its parameters.
#include "peers/peer.hpp"

#include <dlfcn.h>
#include <jsonrpccpp/server.h>
#include <jsonrpccpp/server/connectors/httpserver.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

/// The library's server can only listen on all addresses, and a benchmark should not open a port to
/// the network: its call of bind comes here, and goes on with the loopback address.
extern "C" int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
    using Bind = int (*)(int, const sockaddr*, socklen_t);
    static const auto next = reinterpret_cast<Bind>(dlsym(RTLD_NEXT, "bind"));
    if (address->sa_family != AF_INET) return next(fd, address, size);
    sockaddr_in loopback = *reinterpret_cast<const sockaddr_in*>(address);
    loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return next(fd, reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback);
}

namespace {

class EchoServer : public jsonrpc::AbstractServer<EchoServer> {
  public:
    explicit EchoServer(jsonrpc::AbstractServerConnector& connector) : AbstractServer(connector) {
        const jsonrpc::Procedure procedure("echo", jsonrpc::PARAMS_BY_NAME, jsonrpc::JSON_OBJECT,
                                           nullptr);
        bindAndAddMethod(procedure, &EchoServer::echo);
    }

    void echo(const Json::Value& request, Json::Value& response) { response = request; }
};

void serve(const peers::Address& address) {
    if (address.host != "127.0.0.1") throw std::invalid_argument("only 127.0.0.1 is served");
    const std::uint16_t port = address.port != 0 ? address.port : peers::free_port(address.host);
    jsonrpc::HttpServer connector(port);
    EchoServer server(connector);
    if (!server.StartListening()) throw std::runtime_error("cannot listen");
    peers::announce(address.host, port);
    for (;;) pause();
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, "--bind", serve); }
