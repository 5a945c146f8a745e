// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"
#include "rpc/message.hpp"

#include <jsocket/rpc/server.hpp>

#include <utility>

namespace jsocket::rpc {

Server::Server(ServerOptions options, const Dispatcher& methods)
    : ServerFactory<ServerThread>(std::move(options), methods), methods_(methods) {}

void Server::notify(SessionId client, std::string_view method, json params) {
    const Tree request{make_request(method, std::move(params))};
    send_obj(client, request.value);
}

std::size_t Server::notify_all(std::string_view method, json params) {
    const Tree request{make_request(method, std::move(params))};
    return broadcast(request.value);
}

}  // namespace jsocket::rpc
