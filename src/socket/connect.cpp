// SPDX-License-Identifier: Apache-2.0
#include "socket/address.hpp"
#include "socket/socket_stream.hpp"
#include "socket/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>
#include <jsocket/socket/stream.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace jsocket {
namespace {

std::error_code last_error() { return {errno, std::system_category()}; }

/// One attempt at one address.
class Attempt {
  public:
    Attempt(const SocketAddress& address, Deadline deadline, const Interrupt* cancel)
        : address_(address), deadline_(deadline), cancel_(cancel) {}

    ~Attempt() {
        if (fd_ >= 0) ::close(fd_);
    }

    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    /// Returns what went wrong, if anything.
    std::error_code connect() {
        fd_ = ::socket(address_.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd_ < 0) return last_error();
        std::error_code error = start();
        if (error == std::errc::operation_in_progress) error = finish();
        if (!error && ::fcntl(fd_, F_SETFL, 0) < 0) error = last_error();  // blocking from now on
        return error;
    }

    int fd() const { return fd_; }
    void release() { fd_ = -1; }

  private:
    std::error_code start() {
        for (;;) {
            if (::connect(fd_, address_.data(), address_.size) == 0) return {};
            if (errno != EAGAIN) return last_error();
            // A UNIX-domain socket whose queue is full; nothing announces that there is room again.
            constexpr std::chrono::milliseconds pause(10);
            if (const auto error = wait(-1, std::min(deadline_, deadline_after(pause)));
                error && error != std::errc::timed_out) {
                return error;
            }
            if (std::chrono::steady_clock::now() >= deadline_) {
                return std::make_error_code(std::errc::timed_out);
            }
        }
    }

    std::error_code finish() {
        if (const auto error = wait(fd_, deadline_)) return error;
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return last_error();
        if (error == 0 && connected_to_itself()) error = ECONNREFUSED;
        return {error, std::system_category()};
    }

    /// Nobody listens on a port of this machine, and the system has given us just that port: TCP
    /// then connects the socket to itself.
    bool connected_to_itself() const {
        SocketAddress own;
        SocketAddress peer;
        ::getsockname(fd_, own.data(), &own.size);
        ::getpeername(fd_, peer.data(), &peer.size);
        return to_string(own) == to_string(peer);
    }

    std::error_code wait(int fd, Deadline deadline) {
        switch (wait_for(fd, POLLOUT, deadline, cancel_)) {
            case Wait::timeout:
                return std::make_error_code(std::errc::timed_out);
            case Wait::interrupted:
                return std::make_error_code(std::errc::operation_canceled);
            case Wait::ready:
                break;
        }
        return {};
    }

    const SocketAddress& address_;
    const Deadline deadline_;
    const Interrupt* const cancel_;
    int fd_ = -1;
};

/// A fair share of the time that is left for each address that is left.
Deadline share(Deadline deadline, std::size_t addresses_left) {
    if (deadline == no_deadline || addresses_left <= 1) return deadline;
    const Deadline now = std::chrono::steady_clock::now();
    return now + (deadline - now) / static_cast<int>(addresses_left);
}

std::vector<SocketAddress> addresses_of(const Endpoint& endpoint, Deadline deadline,
                                        const Interrupt* cancel) {
    if (const auto path = endpoint.unix_path()) return {unix_address(*path)};
    if (endpoint.systemd_name()) {
        throw UsageError('"' + printable(endpoint.address) +
                         "\" is for servers, which are passed a socket; clients connect to "
                         "HOST:PORT or unix:PATH");
    }
    return resolve(endpoint, deadline, cancel);
}

}  // namespace

std::unique_ptr<Stream> connect_stream(const Endpoint& endpoint, Deadline deadline,
                                       const Interrupt* cancel) {
    const std::vector<SocketAddress> addresses = addresses_of(endpoint, deadline, cancel);
    const bool unix_domain = endpoint.unix_path().has_value();
    std::error_code error;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        Attempt attempt(addresses[i], share(deadline, addresses.size() - i), cancel);
        error = attempt.connect();
        if (cancel && cancel->raised()) error = std::make_error_code(std::errc::operation_canceled);
        if (!error) {
            std::string peer = unix_domain ? endpoint.address : to_string(addresses[i]);
            auto stream = std::make_unique<SocketStream>(
                attempt.fd(),
                unix_domain ? SocketStream::Kind::unix_domain : SocketStream::Kind::tcp,
                std::move(peer), nullptr);
            attempt.release();  // not before there was memory for its new owner
            return stream;
        }
        if (error == std::errc::operation_canceled) {
            throw ConnectionClosed("closed while connecting to " + to_string(endpoint), false);
        }
    }
    if (error == std::errc::timed_out && std::chrono::steady_clock::now() >= deadline) {
        throw TimeoutError("connecting to " + to_string(endpoint) + " took too long");
    }
    throw ConnectError("cannot connect to " + to_string(endpoint) + ": " + error.message(), error,
                       to_string(endpoint));
}

}  // namespace jsocket
