// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/message_handler.hpp>

namespace jsocket {

/// Serves one client of a ServerFactory. Derive from it and say what each message means; members
/// are the state of that one client.
///
/// Threads:  the constructor, every hook and the destructor run on the client's own thread.
/// Lifetime: made when the client has connected, and before anything is known of it, also by TLS;
///           destroyed when it has gone. The factory never destroys a worker while it runs.
class ServerFactoryThread : public MessageHandler {
  protected:
    std::optional<json> process_message(json& message) override = 0;
};

}  // namespace jsocket
