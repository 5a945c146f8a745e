// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/message_handler.hpp>
#include <jsocket/server/server.hpp>

#include <utility>

namespace jsocket {

/// The part of ThreadedServer that outlives the classes derived from it: its destructor terminates
/// a process that destroys a running server, and until it does, process_message() is the one of
/// MessageHandler and not a pure virtual function.
class ThreadedServerBase : public MessageHandler, public Server {
  protected:
    explicit ThreadedServerBase(ServerOptions options);
    ~ThreadedServerBase() { terminate_if_running(); }
};

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
class ThreadedServer : public ThreadedServerBase {
  public:
    /// Binds and listens, so that port() is right and clients can connect before start().
    /// Throws ConnectError if the address is taken or not ours, UsageError for a wrong option.
    explicit ThreadedServer(ServerOptions options = {}) : ThreadedServerBase(std::move(options)) {}

  protected:
    std::optional<json> process_message(json& message) override = 0;
};

}  // namespace jsocket
