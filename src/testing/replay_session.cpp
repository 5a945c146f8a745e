// SPDX-License-Identifier: Apache-2.0
#include "testing/replay_session.hpp"

#include "socket/socket_stream.hpp"
#include "socket/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/frame_reader.hpp>
#include <jsocket/json_text.hpp>
#include <jsocket/testing/mismatch.hpp>

#include <algorithm>
#include <array>
#include <poll.h>

namespace jsocket::testing {
namespace {

using Kind = ProxyEvent::Kind;

constexpr std::size_t shown = 200;  // bytes of a message that is not as it should be

/// That of the client's messages, which is that of the connection.
Framing framing_of(const RecordedConnection& connection) {
    for (const RecordedEvent& event : connection.events) {
        if (event.kind == Kind::message && event.direction == Direction::up) return event.framing;
    }
    return Framing::prefix;  // there is no message to expect
}

bool same(const RecordedEvent& event, std::string_view payload) {
    if (!event.message) return payload == event.bytes;
    try {
        return parse(payload) == *event.message;
    } catch (const PayloadError&) {
        return false;
    }
}

/// What was expected, in words.
std::string description(const RecordedEvent& event) {
    switch (event.kind) {
        case Kind::message:
            return printable(event.bytes, shown);
        case Kind::bytes:
            return "the bytes \"" + printable(event.bytes, shown) + '"';
        default:
            return "the end of the stream";
    }
}

}  // namespace

ReplaySession::ReplaySession(const RecordedConnection& connection, Stream& stream,
                             const Interrupt& stop)
    : connection_(connection),
      stream_(stream),
      stop_(stop),
      finder_(framing_of(connection), largest_automatic_message) {}

void ReplaySession::run() {
    for (const RecordedEvent& event : connection_.events) {
        if (event.direction == Direction::down) {
            send(event);
        } else if (event.kind == Kind::message) {
            expect_message(event);
        } else if (event.kind == Kind::bytes) {
            expect_bytes(event);
        } else {
            expect_finish(event);
        }
    }
}

void ReplaySession::expect_message(const RecordedEvent& event) {
    for (;;) {
        const auto found = finder_.next();
        if (!found) {
            receive_more(event);
        } else if (found->kind == MessageFinder::Kind::message) {
            if (same(event, found->bytes)) return;
            fail(event, "the client sent " + printable(found->bytes, shown));
        } else if (found->kind == MessageFinder::Kind::other) {
            fail(event, "the client sent bytes that are no message of the framing " +
                            std::string(to_string(event.framing)) + ": \"" +
                            printable(found->bytes, shown) + '"');
        }
    }
}

void ReplaySession::expect_bytes(const RecordedEvent& event) {
    while (finder_.rest().size() < event.bytes.size()) {
        if (!event.bytes.starts_with(finder_.rest())) break;
        receive_more(event);
    }
    const std::string_view came = finder_.rest().substr(0, event.bytes.size());
    if (came != event.bytes) fail(event, "the client sent \"" + printable(came, shown) + '"');
    finder_.skip(event.bytes.size());
}

void ReplaySession::expect_finish(const RecordedEvent& event) {
    for (;;) {
        const auto found = finder_.next();
        if (found && found->kind != MessageFinder::Kind::blank) {
            fail(event, "the client sent " + printable(found->bytes, shown));
        }
        // Who stops a replay has no more use for a client that has done everything else.
        if (!found && receive() != Received::bytes) break;
    }
    const std::string_view rest = finder_.rest();
    if (!rest.empty()) fail(event, "the client sent \"" + printable(rest, shown) + '"');
}

void ReplaySession::send(const RecordedEvent& event) {
    if (event.kind == Kind::finish) return stream_.finish_writing();
    std::string bytes = event.bytes;
    if (event.kind == Kind::message) {
        bytes.clear();
        framing::make_codec(event.framing, largest_message)->encode(event.bytes, bytes);
    }
    try {
        stream_.write_all(bytes, no_timeout);
    } catch (const Error& error) {
        throw Mismatch("connection " + std::to_string(connection_.number) + ", line " +
                       std::to_string(event.line) + ": cannot send " + description(event) + ": " +
                       error.what());
    }
}

ReplaySession::Received ReplaySession::receive() {
    const int fd = dynamic_cast<const SocketStream&>(stream_).fd();
    std::array<char, 64 * 1024> space;
    std::optional<std::size_t> size;
    try {
        for (;;) {
            const bool stopped = stop_.raised();  // asked first: what came before counts
            size = stream_.read_some(space, immediately);
            if (size) break;
            if (stopped) return Received::stopped;
            wait_for(fd, POLLIN, no_deadline, &stop_);
        }
    } catch (const ConnectionError&) {
        return Received::end;  // a reset is one, too
    }
    finder_.add({space.data(), *size});
    return *size > 0 ? Received::bytes : Received::end;
}

void ReplaySession::receive_more(const RecordedEvent& event) {
    switch (receive()) {
        case Received::bytes:
            return;
        case Received::end:
            fail(event, "the client has finished sending");
        case Received::stopped:
            fail(event, "the replay was stopped");
    }
}

void ReplaySession::fail(const RecordedEvent& event, const std::string& instead) const {
    throw Mismatch("connection " + std::to_string(connection_.number) + ", line " +
                   std::to_string(event.line) + ": expected " + description(event) + ", but " +
                   instead);
}

}  // namespace jsocket::testing
