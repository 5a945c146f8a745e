// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>
#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <string>
#include <sys/socket.h>
#include <vector>

namespace jsocket {

/// An address as the operating system takes it.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = sizeof(sockaddr_storage);

    sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
};

/// The address of a UNIX-domain socket. Throws UsageError for a path that is empty or too long.
SocketAddress unix_address(std::string_view path);

/// "127.0.0.1:40312" or "[::1]:40312"; "unknown" for anything else.
std::string to_string(const SocketAddress& address);

/// A name that has no address, and will not have one when asked again at once.
class UnknownHost : public ConnectError {
  public:
    using ConnectError::ConnectError;
};

/// The TCP addresses a name or literal has, at least one, in the order to try them. Throws
/// UnknownHost for a name without any, ConnectError if it cannot be found out, TimeoutError at the
/// deadline, and ConnectionClosed if `cancel` (may be null) is raised.
std::vector<SocketAddress> resolve(const Endpoint& endpoint, Deadline deadline,
                                   const Interrupt* cancel);

}  // namespace jsocket
