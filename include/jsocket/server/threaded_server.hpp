// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/message_handler.hpp>
#include <jsocket/server/server.hpp>

namespace jsocket {

/// Serves one client at a time, on a thread of its own.
///
/// Derive from it and say what each message means:
///
///     class Echo : public jsocket::ThreadedServer {
///       public:
///         using ThreadedServer::ThreadedServer;
///       private:
///         std::optional<json> process_message(json& message) override {
///             return std::move(message);
///         }
///     };
///
///     jsocket::Running<Echo> server;  // started here, stopped at the end of the scope
///
/// A second client waits in the listen queue until the first one leaves; ServerFactory serves many
/// at once.
///
/// Threads:  see Server; hooks run on the server's thread, one at a time.
/// Lifetime: stop() and join() must have returned before a derived class's members are destroyed,
///           because hooks use them. Running<Echo> sees to that; destroying a server that runs
///           terminates the process.
class ThreadedServer : public MessageHandler, public Server {
  public:
    /// Binds and listens, so that port() is right and clients can connect before start().
    /// Throws ConnectError if the address is taken or not ours, UsageError for a wrong option.
    explicit ThreadedServer(ServerOptions options = {});

    ~ThreadedServer() override;

    // process_message() is to be overridden, or process_payload(). It is not pure as that of
    // ServerFactoryThread is: while a server that runs is destroyed, a client's message would find
    // a pure virtual function where the derived class's was.
};

}  // namespace jsocket
