// SPDX-License-Identifier: Apache-2.0
//
// An echo server on a ZeroMQ REP socket.
#include "peers/peer.hpp"

#include <zmq.hpp>

namespace {

void serve(const peers::Address& address) {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::rep);
    const std::string port = address.port == 0 ? "*" : std::to_string(address.port);
    socket.bind("tcp://" + address.host + ":" + port);
    const std::string endpoint = socket.get(zmq::sockopt::last_endpoint);
    peers::announce(address.host,
                    static_cast<unsigned>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1))));
    for (;;) {
        zmq::message_t request;
        if (!socket.recv(request)) continue;
        socket.send(zmq::buffer(peers::answer(request.to_string_view())), zmq::send_flags::none);
    }
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, "--bind", serve); }
