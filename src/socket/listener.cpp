// SPDX-License-Identifier: Apache-2.0
#include "socket/address.hpp"
#include "socket/inherited_socket.hpp"
#include "socket/socket_stream.hpp"
#include "socket/unix_socket_file.hpp"
#include "socket/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/listener.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace jsocket {
namespace {

constexpr int listening_socket = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

/// Is it just this connection that went wrong, and the next one may be had?
bool concerns_one_connection(int error) {
    // accept(2): pending network errors of the new socket are passed on as errors of the call.
    constexpr std::array errors{EINTR,       ECONNABORTED, EPROTO,     ENETDOWN,
                                ENOPROTOOPT, EHOSTDOWN,    ENONET,     EHOSTUNREACH,
                                EOPNOTSUPP,  ENETUNREACH,  ECONNRESET, ETIMEDOUT};
    return std::find(errors.begin(), errors.end(), error) != errors.end();
}

/// Empty, with errno, if the system does not say.
std::optional<std::uint16_t> port_of(int fd) {
    SocketAddress address;
    if (::getsockname(fd, address.data(), &address.size) != 0) return std::nullopt;
    if (address.family() == AF_INET) {
        return ntohs(reinterpret_cast<const sockaddr_in*>(address.data())->sin_port);
    }
    return ntohs(reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_port);
}

/// A socket that listens on `address`, or -1 and errno.
int listen_on(const SocketAddress& address) {
    const int fd = ::socket(address.family(), listening_socket, 0);
    if (fd < 0) return -1;
    const int on = 1;  // connections of an earlier server in TIME_WAIT do not keep the port
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, address.data(), address.size) == 0 && ::listen(fd, SOMAXCONN) == 0) return fd;
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
}

const char* remedy(int error) {
    switch (error) {
        case EADDRINUSE:
            return "; choose another port, or port 0 for a free one";
        case EADDRNOTAVAIL:
            return "; choose an address of this machine, such as 127.0.0.1 or 0.0.0.0";
        case EACCES:
            return "; choose a port from 1024 on, or port 0 for a free one";
        default:
            return "";
    }
}

[[noreturn]] void fail(const Endpoint& endpoint, int error) {
    const std::error_code code(error, std::system_category());
    throw ConnectError(
        "cannot listen on " + to_string(endpoint) + ": " + code.message() + remedy(error), code,
        to_string(endpoint));
}

}  // namespace

Listener::Listener(Endpoint endpoint, const Interrupt& stop, mode_t unix_mode)
    : endpoint_(std::move(endpoint)), stop_(stop) {
    if (endpoint_.systemd_name()) {
        InheritedSocket inherited = inherit_socket(endpoint_);
        fd_ = inherited.fd;
        endpoint_ = std::move(inherited.endpoint);
    } else if (const auto path = endpoint_.unix_path()) {
        listen_on_path(*path, unix_mode);
    } else {
        listen_on_port();
    }
}

void Listener::listen_on_path(std::string_view path, mode_t mode) {
    unix_address(path);  // throws for a path of the wrong length
    endpoint_.port = 0;
    fd_ = ::socket(AF_UNIX, listening_socket, 0);
    if (fd_ < 0) fail(endpoint_, errno);
    try {
        file_ = std::make_unique<UnixSocketFile>(fd_, std::string(path), mode);
    } catch (...) {
        ::close(fd_);
        throw;
    }
}

void Listener::listen_on_port() {
    for (const SocketAddress& address : resolve(endpoint_, no_deadline, nullptr)) {
        fd_ = listen_on(address);
        if (fd_ >= 0) break;
    }
    if (fd_ < 0) fail(endpoint_, errno);
    const auto port = port_of(fd_);
    if (!port) {
        const int error = errno;
        close();
        fail(endpoint_, error);
    }
    endpoint_.port = *port;
}

Listener::~Listener() { close(); }

std::unique_ptr<Stream> Listener::accept(Deadline deadline) {
    while (!stop_.raised()) {
        SocketAddress peer;
        const int fd = ::accept4(fd_, peer.data(), &peer.size, SOCK_CLOEXEC);
        if (fd >= 0) {
            try {
                if (!endpoint_.unix_path()) {
                    return std::make_unique<SocketStream>(fd, SocketStream::Kind::tcp,
                                                          to_string(peer), &stop_);
                }
                return std::make_unique<SocketStream>(fd, SocketStream::Kind::unix_domain,
                                                      endpoint_.address, &stop_);
            } catch (...) {
                ::close(fd);  // no memory for the stream that would own it
                throw;
            }
        }
        if (errno == EAGAIN) {
            if (wait_for(fd_, POLLIN, deadline, &stop_) == Wait::timeout) return nullptr;
        } else if (!concerns_one_connection(errno)) {
            const std::error_code code(errno, std::system_category());
            throw ConnectionError("cannot accept a connection: " + code.message(), code);
        }
    }
    return nullptr;
}

void Listener::close() noexcept {
    if (fd_ < 0) return;
    file_.reset();
    ::close(std::exchange(fd_, -1));
}

}  // namespace jsocket
