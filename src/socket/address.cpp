// SPDX-License-Identifier: Apache-2.0
#include "socket/address.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <cstring>
#include <netdb.h>
#include <sys/un.h>

namespace jsocket {

SocketAddress unix_address(std::string_view path) {
    sockaddr_un address{};
    // The last byte of sun_path is for the end of the string.
    if (path.empty() || path.size() >= sizeof address.sun_path ||
        path.find('\0') != std::string_view::npos) {
        throw UsageError("the path of the UNIX-domain socket \"" + printable(path, 200) +
                         "\" has " + std::to_string(path.size()) + " bytes; choose one of 1 to " +
                         std::to_string(sizeof address.sun_path - 1) + ", without a zero byte");
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    SocketAddress result;
    std::memcpy(&result.storage, &address, sizeof address);
    result.size = sizeof address;
    return result;
}

std::string to_string(const SocketAddress& address) {
    if (address.family() != AF_INET && address.family() != AF_INET6) return "unknown";
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
    if (::getnameinfo(address.data(), address.size, host, sizeof host, port, sizeof port,
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "unknown";
    }
    const std::string name(host);
    return (address.family() == AF_INET6 ? '[' + name + ']' : name) + ':' + port;
}

}  // namespace jsocket
