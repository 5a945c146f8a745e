// SPDX-License-Identifier: Apache-2.0
//
// Answers requests on the subject `echo` of a NATS server.
#include "peers/peer.hpp"

#include <exception>
#include <iostream>
#include <nats/nats.h>
#include <stdexcept>
#include <unistd.h>

namespace {

void check(natsStatus status) {
    if (status != NATS_OK) throw std::runtime_error(natsStatus_GetText(status));
}

void on_message(natsConnection* connection, natsSubscription*, natsMsg* message, void*) {
    try {
        const std::string reply = peers::answer(
            {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))});
        check(natsConnection_Publish(connection, natsMsg_GetReply(message), reply.data(),
                                     static_cast<int>(reply.size())));
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
    }
    natsMsg_Destroy(message);
}

void serve(const peers::Address& address) {
    natsOptions* options = nullptr;
    check(natsOptions_Create(&options));
    const std::string url = "nats://" + address.host + ":" + std::to_string(address.port);
    check(natsOptions_SetURL(options, url.c_str()));
    check(natsOptions_SetSendAsap(options, true));  // else replies wait for others to join them
    natsConnection* connection = nullptr;
    check(natsConnection_Connect(&connection, options));
    natsSubscription* subscription = nullptr;
    check(natsConnection_Subscribe(&subscription, connection, "echo", on_message, nullptr));
    check(natsConnection_Flush(connection));  // returns when the server knows of the subscription
    peers::announce(address.host, address.port);
    for (;;) pause();
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, "--server", serve); }
