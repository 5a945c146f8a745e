// SPDX-License-Identifier: Apache-2.0
#include "server/server_core.hpp"

#include <jsocket/server/threaded_server.hpp>

#include <utility>

namespace jsocket {

ThreadedServerBase::ThreadedServerBase(ServerOptions options)
    : Server(std::move(options),
             [this](std::shared_ptr<Session> session) { core().serve(session, *this); }) {}

}  // namespace jsocket
