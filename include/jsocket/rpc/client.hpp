// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/client/json_client.hpp>
#include <jsocket/rpc/dispatcher.hpp>
#include <jsocket/rpc/peer.hpp>

#include <memory>

namespace jsocket::rpc {

/// Calls methods of a JSON-RPC 2.0 server, any number at a time over one connection.
///
///     rpc::Client client({.address = "calc", .port = 5489});
///     client.connect();
///     int sum = client.call<int>("sum", {1, 2});
///     std::future<int> later = client.async_call<int>("sum", {3, 4});
///
/// What can be called is in Peer. `methods` are what the server may call in turn, or notify of.
///
/// ClientOptions::recv_timeout counts only within a message: the connection may be silent; how long
/// a call may take is said with each (CallOptions).
///
/// Threads:  as a Peer. connect() and close() from one thread at a time; close() ends the calls
///           that are waiting. A thread of the client's reads what arrives; methods run on others.
/// Lifetime: the destructor closes and waits for methods that run. Not to be destroyed, or closed,
///           in one of its methods.
class Client : public Peer {
  public:
    /// Does not connect. Throws UsageError if an option is out of its range.
    explicit Client(ClientOptions options = {}, const Dispatcher& methods = Dispatcher());
    ~Client();
    /// What was moved from can only be assigned to or destroyed.
    Client(Client&&) noexcept;
    /// Closes, and becomes the other.
    Client& operator=(Client&&) noexcept;

    /// As JsonClient::connect(). Does nothing if connected; connects anew after the connection has
    /// ended; a Peer that was copied from the client goes on with it.
    void connect();

    /// Ends the connection: calls that are waiting throw ConnectionClosed.
    void close() noexcept;

  private:
    class Impl;
    Client(std::shared_ptr<JsonClient> client, const Dispatcher& methods);

    std::unique_ptr<Impl> impl_;
};

}  // namespace jsocket::rpc
