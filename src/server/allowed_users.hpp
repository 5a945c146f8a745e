// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/endpoint.hpp>
#include <jsocket/server/server_options.hpp>
#include <jsocket/socket/stream.hpp>

#include <algorithm>

namespace jsocket {

/// Throws UsageError if users are to be told apart where they are not known.
void check_allowed_uids(const ServerOptions& options, const Endpoint& endpoint);

/// May this client be served, as far as ServerOptions::allowed_uids says?
inline bool is_allowed(const Stream& client, const ServerOptions& options) {
    const auto& users = options.allowed_uids;
    if (users.empty()) return true;
    const auto user = client.credentials().uid;
    return user && std::find(users.begin(), users.end(), *user) != users.end();
}

}  // namespace jsocket
