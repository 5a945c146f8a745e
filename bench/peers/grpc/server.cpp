// SPDX-License-Identifier: Apache-2.0
//
// An echo server with gRPC: unary calls, the synchronous service.
#include "echo.grpc.pb.h"
#include "peers/peer.hpp"

#include <grpcpp/grpcpp.h>
#include <memory>
#include <stdexcept>

namespace {

class EchoService final : public peers::Echo::Service {
    grpc::Status Echo(grpc::ServerContext*, const peers::Text* request,
                      peers::Text* reply) override {
        reply->set_json(peers::answer(request->json()));
        return grpc::Status::OK;
    }
};

void serve(const peers::Address& address) {
    EchoService service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address.host + ":" + std::to_string(address.port),
                             grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    builder.SetMaxReceiveMessageSize(-1);  // any size
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server || port == 0) throw std::runtime_error("cannot listen");
    peers::announce(address.host, static_cast<unsigned>(port));
    server->Wait();
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, "--bind", serve); }
