// SPDX-License-Identifier: Apache-2.0
#include "server/server_core.hpp"

#include <jsocket/server/threaded_server.hpp>

#include <utility>

namespace jsocket {

ThreadedServer::ThreadedServer(ServerOptions options)
    : Server(std::move(options), [this](const std::shared_ptr<Session>& session) {
          const ServerCore::Serving here(core());
          core().serve(session, *this);
      }) {}

ThreadedServer::~ThreadedServer() { terminate_if_running(); }

}  // namespace jsocket
