// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"
#include "core/stack_size.hpp"
#include "rpc/message.hpp"

#include <jsocket/rpc/server.hpp>

#include <utility>

namespace jsocket::rpc {

namespace {

ServerOptions checked(ServerOptions options, const Dispatcher& methods) {
    check_stack_size("rpc::Options::stack_size", methods.options().stack_size, options.limits);
    return options;
}

}  // namespace

Server::Server(ServerOptions options, const Dispatcher& methods)
    : ServerFactory<ServerThread>(checked(std::move(options), methods), methods),
      methods_(methods) {}

void Server::notify(SessionId client, std::string_view method, json params) {
    const Tree request{make_request(method, std::move(params))};
    send_obj(client, request.value);
}

std::size_t Server::notify_all(std::string_view method, json params) {
    const Tree request{make_request(method, std::move(params))};
    return broadcast(request.value);
}

}  // namespace jsocket::rpc
