// SPDX-License-Identifier: Apache-2.0
#include "scenarios/hostile/crowd.hpp"

#include "support/wire.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>

namespace test_support {
namespace {

constexpr std::size_t piece = 16 * 1024;

/// At least, of what was read, for who looks for something in it.
constexpr std::size_t remembered = 64 * piece;

/// Would the same call do something later?
bool later(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Crowd::Crowd(std::uint16_t port, std::size_t size, Reading reading)
    : port_(port), reading_(reading), members_(size) {
    for (Member& member : members_) connect(member);
}

void Crowd::connect(Member& member) const {
    // A small buffer, so that the server soon notices that nobody reads.
    constexpr int buffer = 4096;
    member.peer = RawPeer::connect(Address::ipv4(port_), reading_ == Reading::never ? buffer : 0);
    member.read.clear();
}

void Crowd::cut(Member& member) {
    ++cuts_;
    member.peer.reset();
    if (member.sent > 0) {
        ++member.frame;
        member.sent = 0;
    }
    if (member.frame < member.frames.size()) connect(member);
}

void Crowd::send(Member& member) {
    if (!member.peer || member.frame == member.frames.size()) return;
    const std::string& frame = member.frames[member.frame];
    const std::size_t size = std::min(piece, frame.size() - member.sent);
    const ssize_t sent =
        ::send(member.peer->fd(), frame.data() + member.sent, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
        if (!later(errno)) cut(member);
        return;
    }
    member.sent += static_cast<std::size_t>(sent);
    if (member.sent < frame.size()) return;
    ++member.frame;
    member.sent = 0;
}

void Crowd::receive(Member& member) {
    if (!member.peer || reading_ == Reading::never) return;
    char space[piece];
    const std::size_t size = reading_ == Reading::slowly ? piece / 4 : piece;
    for (;;) {
        const ssize_t got = ::recv(member.peer->fd(), space, size, MSG_DONTWAIT);
        if (got < 0 && later(errno)) return;
        if (got <= 0) return cut(member);
        member.read.append(space, static_cast<std::size_t>(got));
        if (member.read.size() > 2 * remembered) {
            member.read.erase(0, member.read.size() - remembered);
        }
        if (reading_ == Reading::slowly) return;
    }
}

std::size_t Crowd::go_on() {
    std::size_t busy = 0;
    for (Member& member : members_) {
        send(member);
        receive(member);
        if (member.frame < member.frames.size()) ++busy;
    }
    return busy;
}

void Crowd::trickle() {
    for (Member& member : members_) {
        receive(member);
        if (!member.peer) continue;
        const ssize_t sent = ::send(member.peer->fd(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && !later(errno)) cut(member);
    }
}

std::size_t Crowd::connected() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        members_, [](const Member& member) { return member.peer.has_value(); }));
}

bool Crowd::all_have_read(std::string_view text) const {
    return std::ranges::all_of(members_, [&](const Member& member) {
        return member.read.find(text) != std::string::npos;
    });
}

}  // namespace test_support
