// SPDX-License-Identifier: Apache-2.0
//
// An echo server on an nng REP socket.
#include "peers/peer.hpp"

#include <arpa/inet.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdexcept>

namespace {

void check(int result) {
    if (result != 0) throw std::runtime_error(nng_strerror(result));
}

unsigned bound_port(nng_listener listener) {
    nng_sockaddr address;
    check(nng_listener_get_addr(listener, NNG_OPT_LOCADDR, &address));
    return ntohs(address.s_in.sa_port);
}

void serve(const peers::Address& address) {
    nng_socket socket;
    check(nng_rep0_open(&socket));
    check(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0));  // any size
    nng_listener listener;
    const std::string url = "tcp://" + address.host + ":" + std::to_string(address.port);
    check(nng_listen(socket, url.c_str(), &listener, 0));
    peers::announce(address.host, bound_port(listener));
    for (;;) {
        nng_msg* message = nullptr;
        check(nng_recvmsg(socket, &message, 0));
        const std::string reply =
            peers::answer({static_cast<const char*>(nng_msg_body(message)), nng_msg_len(message)});
        nng_msg_clear(message);
        check(nng_msg_append(message, reply.data(), reply.size()));
        check(nng_sendmsg(socket, message, 0));  // takes the message
    }
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, "--bind", serve); }
