// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/server.hpp>
#include <jsocket/server/server_factory_thread.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace jsocket {

/// What every ServerFactory<Worker> can do, whatever its Worker.
class ServerFactoryBase : public Server {
  public:
    /// Clients connected now.
    std::size_t active() const;

    /// Their session ids, oldest first.
    std::vector<SessionId> sessions() const;

    /// Sends one client a message it did not ask for. Throws UsageError if there is no such client
    /// (any more) or the message cannot be sent, TimeoutError or ConnectionError with that client
    /// disconnected.
    void send_obj(SessionId client, const json& message);

    /// Sends every client connected now a message; returns how many got it. One that cannot be sent
    /// to loses its connection. Throws UsageError, with nothing sent, if the message cannot be sent
    /// to anybody. Clients are sent to one after another; those that do not read hold up the others
    /// for send_timeout in all, and one that reads a little now and then for longer.
    std::size_t broadcast(const json& message);

    /// Ends one client's connection, after the hook that is running. Does nothing if it is gone.
    void disconnect(SessionId client) noexcept;

    /// Ends every client's connection; the server goes on accepting.
    void stop_all() noexcept;

  protected:
    /// Called on the client's thread; may throw.
    using MakeWorker = std::function<std::unique_ptr<ServerFactoryThread>()>;

    /// Throws as Server's.
    ServerFactoryBase(ServerOptions options, MakeWorker make_worker);

    /// Stops and waits, unlike ThreadedServer's: workers do not depend on a derived factory.
    ~ServerFactoryBase();

  private:
    class Pool;
    std::unique_ptr<Pool> pool_;
};

/// Serves any number of clients at once, each by a Worker of its own on a thread of its own.
///
///     class Counter : public jsocket::ServerFactoryThread {
///       public:
///         explicit Counter(int first) : next_(first) {}
///       private:
///         std::optional<json> process_message(json&) override { return next_++; }
///         int next_;
///     };
///
///     jsocket::Running<jsocket::ServerFactory<Counter>> server({.port = 5489}, 100);
///
/// `arguments` are copied into the factory, and each Worker is constructed from them; use std::ref
/// for what all share, and guard it: workers run at the same time. A Worker's constructor that
/// throws costs that client its connection.
///
/// Threads:  see Server and ServerFactoryThread.
template <std::derived_from<ServerFactoryThread> Worker>
class ServerFactory : public ServerFactoryBase {
    static_assert(!std::is_abstract_v<Worker>, "the Worker has to override process_message");

  public:
    /// Binds and listens, so that port() is right and clients can connect before start(). Throws
    /// ConnectError if the address is taken or not ours, UsageError for a wrong option.
    template <typename... Arguments>
    requires std::constructible_from<Worker, const Arguments&...>
    explicit ServerFactory(ServerOptions options = {}, Arguments... arguments)
        : ServerFactoryBase(std::move(options),
                            [arguments...] { return std::make_unique<Worker>(arguments...); }) {}
};

}  // namespace jsocket
