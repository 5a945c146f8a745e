// SPDX-License-Identifier: Apache-2.0
#include "socket/current_socket.hpp"

#include "core/discard.hpp"

#include <utility>

namespace jsocket {
namespace {

template <typename Use>
auto receive(JsonSocket& socket, std::chrono::milliseconds timeout, Use use)
    -> std::optional<decltype(use(std::string_view()))> {
    Deadline deadline = deadline_after(timeout);
    for (;;) {
        if (const auto payload = socket.receive(deadline)) return use(*payload);
        if (!socket.mid_message()) return std::nullopt;
        deadline = no_deadline;  // what has begun has time-outs of its own
    }
}

}  // namespace

/// Calls `use` with the connection, and closes the connection if that shows it to be of no use.
template <typename Use>
auto CurrentSocket::with_socket(Use use) {
    const auto socket = get();
    if (!socket) {
        throw ConnectionClosed("socket connection broken: no connection to " + peer_, false);
    }
    try {
        return use(*socket);
    } catch (const Error& error) {
        if (!error.connection_usable()) drop(socket);
        throw;
    } catch (...) {
        // No memory, perhaps for a message that was under way; nobody could tell whose reply is
        // the next one.
        drop(socket);
        throw;
    }
}

/// What `use` makes of the next message's text, if one begins within recv_timeout.
template <typename Use>
auto CurrentSocket::read_in_time(Use use) {
    return with_socket([&](JsonSocket& socket) {
        const auto timeout = socket.options().recv_timeout;
        auto result =
            receive(socket, timeout, [&](std::string_view text) { return use(socket, text); });
        if (result) return std::move(*result);
        throw TimeoutError(
            "no message from " + peer_ + " within " + std::to_string(timeout.count()) + " ms",
            true);
    });
}

void CurrentSocket::set(std::shared_ptr<JsonSocket> socket) {
    const Lock lock(mutex_);
    socket_ = std::move(socket);
}

void CurrentSocket::close() noexcept {
    if (const auto socket = get()) drop(socket);
}

bool CurrentSocket::connected() const noexcept {
    const auto socket = get();
    return socket && socket->connected();
}

void CurrentSocket::send_objs(std::span<const json> messages) {
    with_socket([&](JsonSocket& socket) { socket.send_objs(messages); });
}

void CurrentSocket::send_payload(std::string_view payload) {
    with_socket([&](JsonSocket& socket) { socket.send_payload(payload); });
}

void CurrentSocket::read_obj(json& message) {
    read_in_time([&](const JsonSocket& socket, std::string_view text) {
        fill(text, socket.options().limits, message);
        return true;
    });
}

/// Leaves nothing half made, which could not be destroyed without memory.
void CurrentSocket::fill(std::string_view text, const Limits& limits, json& message) {
    try {
        builder_.fill(text, limits, message);
    } catch (...) {
        discard(message);
        throw;
    }
}

std::optional<json> CurrentSocket::try_read_obj(std::chrono::milliseconds timeout) {
    return with_socket([&](JsonSocket& socket) {
        return receive(socket, timeout, [&](std::string_view text) {
            json message;
            fill(text, socket.options().limits, message);
            return message;
        });
    });
}

std::string CurrentSocket::read_payload() {
    return read_in_time([](const JsonSocket&, std::string_view text) { return std::string(text); });
}

std::optional<std::string> CurrentSocket::try_read_payload(std::chrono::milliseconds timeout) {
    return with_socket([&](JsonSocket& socket) {
        return receive(socket, timeout, [](std::string_view text) { return std::string(text); });
    });
}

std::shared_ptr<JsonSocket> CurrentSocket::get() const noexcept {
    const Lock lock(mutex_);
    return socket_;
}

void CurrentSocket::drop(const std::shared_ptr<JsonSocket>& socket) noexcept {
    socket->close();
    const Lock lock(mutex_);
    if (socket_ == socket) socket_.reset();
}

}  // namespace jsocket
