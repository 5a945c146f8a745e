// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/rpc/dispatcher.hpp>
#include <jsocket/rpc/peer.hpp>
#include <jsocket/server/server_factory_thread.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jsocket::rpc {

/// Serves JSON-RPC 2.0 to one client of a ServerFactory. Derive from it for methods that have to do
/// with the state of that one client, and bind them in the constructor:
///
///     class Counter : public rpc::ServerThread {
///       public:
///         Counter() { bind("add", [this](int n) { return sum_ += n; }, {"n"}); }
///       private:
///         int sum_ = 0;
///     };
///
///     Running<ServerFactory<Counter>> server;
///
/// Without state of its own there is rpc::Server.
///
/// Threads:  methods bound here run one after another, on a thread of their own, while the client's
///           thread goes on reading; so members need no mutex among them. With Run::concurrently
///           they do, and with those of the Dispatcher that the constructor got. Other hooks,
///           on_connect() and on_disconnect() too, run on the client's thread; when the latter
///           runs, all methods have returned.
/// Lifetime: see ServerFactoryThread.
class ServerThread : public ServerFactoryThread {
  public:
    /// Offers what `methods` has, and counts in its statistics.
    explicit ServerThread(const Dispatcher& methods = Dispatcher());
    ~ServerThread() override;

  protected:
    /// As Dispatcher::bind(), in the constructor only.
    template <typename Function>
    void bind(std::string name, Function function, std::vector<Parameter> parameters = {},
              MethodOptions options = {}) {
        if (!options.run) options.run = Run::in_order;
        methods().bind(std::move(name), std::move(function), std::move(parameters),
                       std::move(options));
    }

    /// This client's, to bind more to, in the constructor only. Methods that are bound here without
    /// the function above run concurrently unless their options say otherwise.
    Dispatcher& methods() noexcept;

    /// The client, to call and notify. In hooks and methods.
    Peer client() const;

    std::optional<json> process_message(json& message) final;
    void process_payload(std::string_view payload, std::string& reply) final;
    void drain() final;

    /// Adds "methods", what method_stats() of the Dispatcher says; docs/top.md tells how.
    void on_stats(json& result) override;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jsocket::rpc
