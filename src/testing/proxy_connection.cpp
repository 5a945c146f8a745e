// SPDX-License-Identifier: Apache-2.0
#include "testing/proxy_connection.hpp"

#include "socket/socket_stream.hpp"
#include "socket/wait.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace jsocket::testing {
namespace {

// How long a side that was cut off may take to notice.
constexpr std::chrono::seconds patience(1);

int descriptor_of(const Stream& stream) { return dynamic_cast<const SocketStream&>(stream).fd(); }

bool would_block(int error) { return error == EAGAIN || error == EINTR; }

Deadline now() { return std::chrono::steady_clock::now(); }

}  // namespace

ProxyConnection::ProxyConnection(const FaultProxyOptions& options, std::unique_ptr<Stream> client,
                                 std::unique_ptr<Stream> server, Observe observe)
    : observe_(std::move(observe)),
      client_(std::move(client)),
      server_(std::move(server)),
      up_(make_lane(options, Direction::up, descriptor_of(*client_), descriptor_of(*server_))),
      down_(make_lane(options, Direction::down, descriptor_of(*server_), descriptor_of(*client_))) {
}

ProxyConnection::Lane ProxyConnection::make_lane(const FaultProxyOptions& options,
                                                 Direction direction, int from, int to) const {
    const LinkFaults& faults = direction == Direction::up ? options.up : options.down;
    Lane lane{.direction = direction, .from = from, .to = to, .line = FaultLine(faults)};
    if (observe_ || faults.message > 0) {
        lane.finder.emplace(options.framing, options.max_message_size);
    }
    return lane;
}

void ProxyConnection::run(const Interrupt& stop) {
    pass(stop);
    see_rest(up_);
    see_rest(down_);
}

void ProxyConnection::pass(const Interrupt& stop) {
    while (!stop.raised()) {
        for (Lane* lane : {&up_, &down_}) {
            read(*lane);
            write(*lane);
            if (cut_) return drain(stop);
            if (reset_) return make_reset();
        }
        if (up_.done && down_.done) {
            if (up_.broken || down_.broken) make_reset();
            return;
        }
        wait(stop);
    }
}

void ProxyConnection::read(Lane& lane) {
    if (!lane.reading || lane.line.full()) return;
    std::array<char, 64 * 1024> space;
    const ssize_t size = ::recv(lane.from, space.data(), space.size(), MSG_DONTWAIT);
    if (size > 0) return take(lane, {space.data(), static_cast<std::size_t>(size)}, now());
    if (size < 0 && would_block(errno)) return;
    lane.broken = size < 0;  // what came before goes on first
    end_reading(lane);
}

/// Gives the line each message apart, and tells whoever wants to know.
void ProxyConnection::take(Lane& lane, std::string_view bytes, Deadline now) {
    if (lane.finder) {
        std::size_t before = lane.finder->rest().size();  // passed on already
        lane.finder->add(bytes);
        while (const auto found = lane.finder->next()) {
            const std::size_t size = found->size - std::exchange(before, 0);
            lane.line.add(bytes.substr(0, size), now);
            bytes.remove_prefix(size);
            if (found->kind == MessageFinder::Kind::message) {
                lane.line.end_message();
                see(lane, ProxyEvent::Kind::message, found->bytes);
            } else if (found->kind == MessageFinder::Kind::other) {
                see(lane, ProxyEvent::Kind::bytes, found->bytes);
            }
        }
    }
    lane.line.add(bytes, now);
}

void ProxyConnection::end_reading(Lane& lane) {
    lane.reading = false;
    see_rest(lane);
    see(lane, ProxyEvent::Kind::finish, {});
    lane.line.finish(now());
}

/// What is no message yet will not become one.
void ProxyConnection::see_rest(Lane& lane) const {
    if (!lane.finder || lane.finder->rest().empty()) return;
    see(lane, ProxyEvent::Kind::bytes, lane.finder->rest());
    lane.finder->skip(lane.finder->rest().size());
}

void ProxyConnection::write(Lane& lane) {
    lane.blocked = false;
    while (!lane.done && !lane.blocked && !cut_ && !reset_) {
        const FaultLine::Step step = lane.line.next(now());
        lane.until = step.until;
        switch (step.kind) {
            case FaultLine::Step::Kind::wait:
                return;
            case FaultLine::Step::Kind::write:
                write_some(lane, step.bytes);
                break;
            case FaultLine::Step::Kind::finish:
                lane.done = true;
                if (lane.broken) {
                    reset_ = true;
                } else {
                    ::shutdown(lane.to, SHUT_WR);
                }
                break;
            case FaultLine::Step::Kind::cut:
                cut_ = true;
                break;
            case FaultLine::Step::Kind::reset:
                reset_ = true;
                break;
        }
    }
}

void ProxyConnection::write_some(Lane& lane, std::string_view bytes) {
    const ssize_t size = ::send(lane.to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size >= 0) {
        lane.line.written(static_cast<std::size_t>(size), now());
    } else if (would_block(errno)) {
        lane.blocked = true;
    } else {  // nobody is there, but what came from there may still be on its way
        lane.reading = false;
        lane.broken = lane.done = true;
        lane.until = no_deadline;
    }
}

void ProxyConnection::wait(const Interrupt& stop) const {
    const auto entry = [](const Lane& in, const Lane& out) {
        pollfd asked{.fd = in.from, .events = 0, .revents = 0};
        if (in.reading && !in.line.full()) asked.events |= POLLIN;
        if (out.blocked) asked.events |= POLLOUT;
        // Without a question there would be an answer all the same, that the peer is gone.
        if (asked.events == 0) asked.fd = -1;
        return asked;
    };
    std::array<pollfd, 3> entries{entry(up_, down_), entry(down_, up_),
                                  pollfd{.fd = stop.fd(), .events = POLLIN, .revents = 0}};
    const Deadline until = std::min(up_.until, down_.until);
    if (::poll(entries.data(), entries.size(), poll_timeout(until)) < 0 && errno != EINTR) {
        const std::error_code code(errno, std::system_category());
        throw ConnectionError("cannot wait for a socket: " + code.message(), code);
    }
}

void ProxyConnection::see(const Lane& lane, ProxyEvent::Kind kind, std::string_view bytes) const {
    if (!observe_) return;
    observe_({.kind = kind,
              .direction = lane.direction,
              .framing = lane.finder->framing(),
              .bytes = bytes});
}

/// Lets both sides read what has been written, then the end of the stream. Closing with bytes
/// unread would reset the connection.
void ProxyConnection::drain(const Interrupt& stop) const {
    for (Stream* stream : {client_.get(), server_.get()}) stream->finish_writing();
    const Deadline deadline = deadline_after(patience);
    for (const int fd : {up_.from, down_.from}) {
        std::array<char, 4096> space;
        while (now() < deadline && wait_for(fd, POLLIN, deadline, &stop) == Wait::ready) {
            const ssize_t size = ::recv(fd, space.data(), space.size(), MSG_DONTWAIT);
            if (size == 0 || (size < 0 && !would_block(errno))) break;
        }
    }
}

/// Closing will reset both connections. UNIX-domain sockets know no such thing, and just close.
void ProxyConnection::make_reset() const {
    const linger hurry{.l_onoff = 1, .l_linger = 0};
    for (const int fd : {up_.from, down_.from}) {
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hurry, sizeof hurry);
    }
}

}  // namespace jsocket::testing
