// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/endpoint.hpp>

namespace jsocket {

/// A listening socket that the service manager has opened.
struct InheritedSocket {
    int fd;             // the caller's to close: non-blocking, close-on-exec
    Endpoint endpoint;  // HOST:PORT or unix:PATH
};

/// The socket that was passed on to this process as `systemd:NAME`, by the protocol of
/// sd_listen_fds(3). What was passed on stays open, and may be asked for again. Throws ConnectError
/// that says what is wrong with it.
InheritedSocket inherit_socket(const Endpoint& endpoint);

}  // namespace jsocket
