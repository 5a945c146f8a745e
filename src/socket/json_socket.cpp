// SPDX-License-Identifier: Apache-2.0
#include "core/memory_budget.hpp"
#include "core/rate_deadline.hpp"
#include "socket/outbox.hpp"
#include "socket/spin.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/json_socket.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace jsocket {
namespace {

// For an interrupted connection to deliver what it has written; see Stream::await_delivery().
constexpr std::chrono::milliseconds delivery_time(50);

}  // namespace

/// How the receiving thread waits.
struct JsonSocket::Waiting {
    Waiting(std::chrono::microseconds spin_time, MemoryAccount* account)
        : spin(spin_time), buffer(account) {}

    Spin spin;
    MemoryHold buffer;  // the reader's

    // Of a message that has begun and is waited for.
    std::optional<RateDeadline> message_end = {};
    std::optional<Deadline> next_byte = {};
    std::uint64_t received = 0;  // by the stream, when next_byte was set
};

JsonSocket::JsonSocket(std::unique_ptr<Stream> stream, const SocketOptions& options,
                       MemoryAccount* account, std::shared_ptr<Reactor> reactor)
    : options_(options),
      stream_(std::move(stream)),
      peer_(stream_->peer()),
      account_(account),
      reader_(options.framing, options.limits.max_message_size),
      waiting_(std::make_unique<Waiting>(options.spin, account)),
      outbox_(std::make_unique<Outbox>(*this, account, std::move(reactor))) {
    check_options(options_);
}

JsonSocket::~JsonSocket() { close(); }

void JsonSocket::handshake(Deadline deadline) {
    try {
        stream_->handshake(deadline);
    } catch (const Error&) {
        connected_.store(false, std::memory_order_release);
        throw;
    }
}

std::optional<std::string_view> JsonSocket::receive(Deadline deadline) {
    try {
        for (bool late = false;;) {
            if (interrupted() || !connected()) {
                throw ConnectionClosed("socket connection broken: closed by this side", false);
            }
            if (auto payload = next_message()) return payload;
            if (late) return std::nullopt;
            if (!fill(deadline)) return std::nullopt;
            // Bytes need not lead to a message: there may be blank lines without end.
            late = deadline != no_deadline && std::chrono::steady_clock::now() >= deadline;
        }
    } catch (const ConnectionError& error) {
        if (!interrupted()) {
            connected_.store(false, std::memory_order_release);
            throw;
        }
        // The peer may have answered the end with a reset, or been quicker.
        if (dynamic_cast<const ConnectionClosed*>(&error) != nullptr) throw;
        throw ConnectionClosed("socket connection broken: closed by this side", false);
    } catch (const Error& error) {
        // What an interrupted reader has received may still be answered.
        if (!error.connection_usable() && !interrupted()) {
            connected_.store(false, std::memory_order_release);
        }
        throw;
    }
}

std::optional<std::string_view> JsonSocket::receive_buffered() {
    if (interrupted()) return std::nullopt;
    return next_message();
}

std::optional<std::string_view> JsonSocket::next_message() {
    const Framing before = reader_.framing();
    auto payload = reader_.next();
    if (reader_.framing() != before) outbox_->use(reader_.framing());
    if (payload) {
        waiting_->message_end.reset();
        waiting_->next_byte.reset();
    }
    return payload;
}

/// Receives some bytes. False if there were none by `deadline`.
bool JsonSocket::fill(Deadline deadline) {
    const bool begun = reader_.mid_message();
    if (!wait_for_room(deadline)) return false;
    const Deadline end = begun ? end_of_wait() : no_deadline;
    if (begun && reader_.bare_header()) stream_->acknowledge_now();
    const auto size = read_some(std::min(deadline, end));
    if (!size && end > deadline) return false;
    if (!size) return begun && go_on_waiting();
    if (*size == 0) {
        const bool by_us = interrupted();
        throw ConnectionClosed(
            "socket connection broken: " + (by_us ? "closed by this side" : peer_ + " closed it") +
                (begun ? " in the middle of a message" : ""),
            begun);
    }
    reader_.commit(*size);
    if (begun) {
        waiting_->message_end->advance(*size);
        waiting_->next_byte.reset();
    }
    return true;
}

/// By when the message that has begun needs a further byte, as things stand.
Deadline JsonSocket::end_of_wait() {
    Waiting& waiting = *waiting_;
    if (!waiting.message_end) {
        waiting.message_end.emplace(options_.message_deadline, options_.min_receive_rate);
    }
    if (!waiting.next_byte) {
        waiting.next_byte = deadline_after(options_.recv_timeout);
        waiting.received = stream_->received();
    }
    return std::min(*waiting.next_byte, waiting.message_end->end());
}

/// The end of the wait has come, with nothing to read. True if bytes have come all the same; throws
/// if not, or if it is too late for them.
bool JsonSocket::go_on_waiting() {
    Waiting& waiting = *waiting_;
    // Part of an encrypted record is a further byte, too.
    if (stream_->received() == waiting.received ||
        std::chrono::steady_clock::now() >= waiting.message_end->end()) {
        throw TimeoutError("the rest of a message from " + peer_ + " did not come in time");
    }
    waiting.next_byte.reset();
    return true;
}

/// Waits while the connection must not be read from. False if it still must not at `deadline`.
bool JsonSocket::wait_for_room(Deadline deadline) {
    if (account_ == nullptr || account_->may_read()) return true;
    const bool begun = reader_.mid_message();
    const Deadline end = begun ? deadline_after(options_.message_deadline) : no_deadline;
    const bool room =
        account_->wait_for_room(std::min(deadline, end), [this] { return interrupted(); });
    // Nobody has looked whether there were bytes.
    waiting_->message_end.reset();
    waiting_->next_byte.reset();
    if (room || interrupted()) return true;
    if (std::chrono::steady_clock::now() < end) return false;
    throw MemoryError("memory_budget had no room for the rest of a message from " + peer_);
}

std::optional<std::size_t> JsonSocket::read_some(Deadline deadline) {
    const std::span<char> space = reader_.prepare();
    waiting_->buffer.set(reader_.capacity());
    const auto try_to_read = [&] { return stream_->read_some(space, immediately); };
    if (const auto size = waiting_->spin.try_for_a_while(try_to_read, deadline)) return size;
    return waiting_->spin.sleep([&] { return stream_->read_some(space, deadline); });
}

void JsonSocket::release_memory() {
    reader_.release();
    waiting_->buffer.set(reader_.capacity());
    outbox_->release_memory();
}

void JsonSocket::send_objs(std::span<const json> messages) {
    // Printed before the lock is taken, which the connection's replies wait for.
    std::string texts;
    std::vector<std::size_t> ends;
    for (const json& message : messages) {
        serialize(message, texts, options_.limits);
        ends.push_back(texts.size());
    }
    std::vector<std::string_view> payloads;
    std::size_t begin = 0;
    for (const std::size_t end : ends) {
        payloads.push_back(std::string_view(texts).substr(begin, end - begin));
        begin = end;
    }
    outbox_->send(payloads, no_deadline);
}

void JsonSocket::send_payload(std::string_view payload) { send_payload(payload, no_deadline); }

void JsonSocket::send_payload(std::string_view payload, Deadline deadline) {
    outbox_->send({&payload, 1}, deadline);
}

void JsonSocket::send_late_payload(std::string_view payload, std::function<void(bool left)> sent) {
    outbox_->send_late(payload, std::move(sent));
}

JsonSocket::Lost JsonSocket::lost() const noexcept { return outbox_->lost(); }

bool JsonSocket::queue_payload(std::string_view payload) { return outbox_->queue(payload); }

void JsonSocket::flush() { outbox_->flush(); }

void JsonSocket::drain() { outbox_->drain(); }

void JsonSocket::interrupt() noexcept {
    interrupted_.store(true, std::memory_order_release);
    stream_->interrupt();
    if (account_ != nullptr) account_->wake();
}

void JsonSocket::finish(std::chrono::milliseconds linger) {
    if (connected() && interrupted()) stream_->await_delivery(delivery_time);
    connected_.store(false, std::memory_order_release);
    closed_.store(true, std::memory_order_release);
    stream_->finish_writing();
    const Deadline deadline = deadline_after(linger);
    try {
        std::array<char, 4096> rest;
        while (stream_->read_some(rest, deadline).value_or(0) > 0 &&
               std::chrono::steady_clock::now() < deadline) {
        }
    } catch (const std::exception&) {
        // It is gone; that is all that was waited for.
    }
    close();
}

void JsonSocket::close() noexcept {
    connected_.store(false, std::memory_order_release);
    closed_.store(true, std::memory_order_release);
    interrupted_.store(true, std::memory_order_release);
    stream_->shutdown();
}

}  // namespace jsocket
