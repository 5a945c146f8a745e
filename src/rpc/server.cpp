// SPDX-License-Identifier: Apache-2.0
#include "rpc/message.hpp"

#include <jsocket/rpc/server.hpp>

#include <utility>

namespace jsocket::rpc {

Server::Server(ServerOptions options, const Dispatcher& methods)
    : ServerFactory<ServerThread>(std::move(options), methods), methods_(methods) {}

void Server::notify(SessionId client, std::string_view method, json params) {
    send_obj(client, make_request(method, std::move(params)));
}

std::size_t Server::notify_all(std::string_view method, json params) {
    return broadcast(make_request(method, std::move(params)));
}

}  // namespace jsocket::rpc
