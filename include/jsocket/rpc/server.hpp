// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/dispatcher.hpp>
#include <jsocket/rpc/server_thread.hpp>
#include <jsocket/server/running.hpp>
#include <jsocket/server/server_factory.hpp>

#include <cstddef>
#include <string_view>

namespace jsocket::rpc {

/// Serves JSON-RPC 2.0 to any number of clients at once.
///
///     rpc::Dispatcher methods;
///     methods.bind("sum", [](int a, int b) { return a + b; }, {"a", "b"});
///     Running<rpc::Server> server({.port = 5489}, methods);
///
/// Text that is not JSON is answered with parse_error, and the connection goes on; but with
/// Framing::lines only if it begins like a request or a batch, so that a web page cannot have a
/// browser post to the port.
///
/// Threads:  methods run concurrently, unless their MethodOptions say otherwise, and so guard what
///           they share. Everything else as ServerFactory.
class Server : public ServerFactory<ServerThread> {
  public:
    /// Offers a copy of `methods`.
    Server(ServerOptions options, const Dispatcher& methods);

    /// Of all connections.
    MethodStatsMap method_stats() const { return methods_.method_stats(); }

    /// Notifies one client; see send_obj().
    void notify(SessionId client, std::string_view method, json params = nullptr);

    /// Notifies all clients that are connected; see broadcast().
    std::size_t notify_all(std::string_view method, json params = nullptr);

  private:
    const Dispatcher methods_;
};

}  // namespace jsocket::rpc
