// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/server_factory.hpp>
#include <jsocket/server/threaded_server.hpp>

#include <optional>
#include <utility>

/// What the programs here serve.
class Echo : public jsocket::ThreadedServer {
  public:
    using ThreadedServer::ThreadedServer;

  private:
    std::optional<json> process_message(json& message) override { return std::move(message); }
};

class EchoWorker : public jsocket::ServerFactoryThread {
    std::optional<json> process_message(json& message) override { return std::move(message); }
};
