// SPDX-License-Identifier: Apache-2.0
#include "socket/socket_stream.hpp"

#include "core/rate_deadline.hpp"
#include "socket/wait.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <cerrno>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace jsocket {
namespace {

// What a stopping server still grants a client to take its last reply; stop() has 100 ms in all.
constexpr std::chrono::milliseconds grace_at_stop(50);

}  // namespace

SocketStream::SocketStream(int fd, Kind kind, std::string peer, const Interrupt* stop)
    : fd_(fd), kind_(kind), peer_(std::move(peer)), stop_(stop) {
    if (kind_ == Kind::tcp) {
        // A message is one write; waiting for more to send would only delay it.
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
}

SocketStream::~SocketStream() { ::close(fd_); }

std::optional<std::size_t> SocketStream::read_some(std::span<char> space, Deadline deadline) {
    // Without a deadline the call itself waits, and interrupt() ends it: no poll, one call less.
    const int flags = deadline == no_deadline ? 0 : MSG_DONTWAIT;
    for (;;) {
        if (interrupted_.load(std::memory_order_acquire)) return 0;
        const ssize_t size = ::recv(fd_, space.data(), space.size(), flags);
        if (size >= 0) return static_cast<std::size_t>(size);
        if (errno == EINTR) continue;
        if (errno != EAGAIN) fail(errno);
        if (deadline == immediately) return std::nullopt;
        if (wait_for(fd_, POLLIN, deadline, nullptr) == Wait::timeout) return std::nullopt;
    }
}

void SocketStream::write_all(std::string_view bytes, Pace pace) {
    bytes.remove_prefix(write_some(bytes));
    if (bytes.empty()) return;
    RateDeadline paced(pace.timeout, pace.rate);
    while (!bytes.empty()) {
        wait_for_room(pace.rate > 0 ? paced.end() : deadline_after(pace.timeout));
        const std::size_t size = write_some(bytes);
        paced.advance(size);
        bytes.remove_prefix(size);
    }
}

std::size_t SocketStream::write_some(std::string_view bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t size = ::send(fd_, bytes.data() + written, bytes.size() - written,
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size >= 0) {
            written += static_cast<std::size_t>(size);
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            fail(errno);
        }
    }
    return written;
}

void SocketStream::wait_for_room(Deadline deadline) {
    const bool stopping = last_moment_ != no_deadline;
    deadline = std::min(last_moment_, deadline);
    switch (wait_for(fd_, POLLOUT, deadline, stopping ? nullptr : stop_)) {
        case Wait::ready:
            // A peer that always makes room would have it again at any time.
            if (!stopping || std::chrono::steady_clock::now() < last_moment_) return;
            break;
        case Wait::interrupted:
            last_moment_ = deadline_after(grace_at_stop);
            return;
        case Wait::timeout:
            break;
    }
    throw TimeoutError(peer_ + " did not read what was sent to it");
}

void SocketStream::interrupt() noexcept {
    interrupted_.store(true, std::memory_order_release);
    ::shutdown(fd_, SHUT_RD);
}

/// A socket that is closed with bytes unread, or gets some afterwards, is reset, and what it had
/// still to send is lost: the peer would find half a message.
void SocketStream::await_delivery(std::chrono::milliseconds timeout) noexcept {
    if (kind_ != Kind::tcp) return;
    const Deadline deadline = deadline_after(timeout);
    int unread = 0;
    int unsent = 0;
    int unacknowledged = 0;
    while (::ioctl(fd_, SIOCINQ, &unread) == 0 && ::ioctl(fd_, SIOCOUTQNSD, &unsent) == 0 &&
           ::ioctl(fd_, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0 &&
           unread + unsent > 0 && std::chrono::steady_clock::now() < deadline) {
        ::poll(nullptr, 0, 1);  // nothing announces it
    }
}

void SocketStream::finish_writing() noexcept { ::shutdown(fd_, SHUT_WR); }

void SocketStream::shutdown() noexcept {
    interrupted_.store(true, std::memory_order_release);
    ::shutdown(fd_, SHUT_RDWR);
}

void SocketStream::acknowledge_now() noexcept {
    if (kind_ != Kind::tcp) return;
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

PeerCredentials SocketStream::credentials() const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (kind_ != Kind::unix_domain ||
        ::getsockopt(fd_, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        return {};
    }
    return {.uid = peer.uid, .gid = peer.gid, .pid = peer.pid, .certificate_subject = {}};
}

void SocketStream::fail(int error) const {
    const std::error_code code(error, std::system_category());
    throw ConnectionError("socket connection broken: " + peer_ + ": " + code.message(), code);
}

}  // namespace jsocket
