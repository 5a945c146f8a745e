// SPDX-License-Identifier: Apache-2.0
#include "socket/spin.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/json_socket.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace jsocket {
namespace {

// Enough for a write to be worth its system call; measured best for windows of 64 to 1024 messages.
constexpr std::size_t flush_threshold = 4 * 1024;

// For an interrupted connection to deliver what it has written; see Stream::await_delivery().
constexpr std::chrono::milliseconds delivery_time(50);

// Kept after a push, of which the receiving thread, which gives memory back when idle, sees
// nothing.
constexpr std::size_t kept_capacity = 1024;

}  // namespace

JsonSocket::JsonSocket(std::unique_ptr<Stream> stream, const SocketOptions& options)
    : options_(options),
      stream_(std::move(stream)),
      peer_(stream_->peer()),
      reader_(options.framing, options.limits.max_message_size),
      spin_(std::make_unique<Spin>(options.spin)),
      encoder_(framing::make_codec(options.framing, options.limits.max_message_size)) {
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
        for (;;) {
            if (interrupted() || !connected()) {
                throw ConnectionClosed("socket connection broken: closed by this side", false);
            }
            if (auto payload = next_message()) return payload;
            if (!fill(deadline)) return std::nullopt;
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
    if (reader_.framing() != before) {
        const std::scoped_lock lock(write_mutex_);
        encoder_ = framing::make_codec(reader_.framing(), options_.limits.max_message_size);
    }
    if (payload) message_deadline_ = no_deadline;
    return payload;
}

/// Receives some bytes. False if the deadline passed before a message began.
bool JsonSocket::fill(Deadline deadline) {
    const bool begun = reader_.mid_message();
    if (!begun) {
        message_deadline_ = no_deadline;
    } else {
        deadline = std::min(end_of_message(), deadline_after(options_.recv_timeout));
        if (reader_.bare_header()) stream_->acknowledge_now();
    }
    const std::uint64_t before = begun ? stream_->received() : 0;
    const auto size = read_some(deadline);
    if (!size && begun && stream_->received() != before &&
        std::chrono::steady_clock::now() < end_of_message()) {
        return true;  // part of an encrypted record has come, which is a further byte, too
    }
    if (size && *size > 0) {
        reader_.commit(*size);
        return true;
    }
    if (size) {
        const bool by_us = interrupted();
        throw ConnectionClosed(
            "socket connection broken: " + (by_us ? "closed by this side" : peer_ + " closed it") +
                (begun ? " in the middle of a message" : ""),
            begun);
    }
    if (!begun) return false;
    throw TimeoutError("the rest of a message from " + peer_ + " did not come in time");
}

/// When the message that has begun has to be complete, as things stand.
Deadline JsonSocket::end_of_message() {
    if (message_deadline_ == no_deadline) {
        message_deadline_ = deadline_after(options_.message_deadline);
    }
    if (message_deadline_ == no_deadline || options_.min_receive_rate == 0) {
        return message_deadline_;
    }
    const std::chrono::microseconds earned(1'000'000 * reader_.pending() /
                                           options_.min_receive_rate);
    return earned < no_deadline - message_deadline_ ? message_deadline_ + earned : no_deadline;
}

std::optional<std::size_t> JsonSocket::read_some(Deadline deadline) {
    const std::span<char> space = reader_.prepare();
    const auto try_to_read = [&] { return stream_->read_some(space, immediately); };
    if (const auto size = spin_->try_for_a_while(try_to_read, deadline)) return size;
    return spin_->sleep([&] { return stream_->read_some(space, deadline); });
}

void JsonSocket::release_memory() {
    reader_.release();
    const std::scoped_lock lock(write_mutex_);
    queued_.shrink_to_fit();
}

void JsonSocket::send_objs(std::span<const json> messages) {
    // Printed before the lock is taken, which the connection's replies wait for.
    std::string texts;
    std::vector<std::size_t> ends;
    for (const json& message : messages) {
        serialize(message, texts, options_.limits);
        ends.push_back(texts.size());
    }
    const std::scoped_lock lock(write_mutex_);
    require_connected();
    const std::size_t before = queued_.size();
    try {
        std::size_t begin = 0;
        for (const std::size_t end : ends) {
            append(std::string_view(texts).substr(begin, end - begin));
            begin = end;
        }
    } catch (...) {
        queued_.resize(before);
        throw;
    }
    write_queued(options_.send_timeout);
    give_back();
}

void JsonSocket::send_payload(std::string_view payload) { send_payload(payload, no_deadline); }

void JsonSocket::send_payload(std::string_view payload, Deadline deadline) {
    const std::scoped_lock lock(write_mutex_);
    require_connected();
    append(payload);
    const std::chrono::milliseconds left(poll_timeout(deadline));
    write_queued(deadline == no_deadline ? options_.send_timeout
                                         : std::min(left, options_.send_timeout));
    give_back();
}

void JsonSocket::send_late_payload(std::string_view payload) {
    const std::scoped_lock lock(write_mutex_);
    append(payload);
    write_queued(options_.send_timeout);
    give_back();
}

bool JsonSocket::queue_payload(std::string_view payload) {
    const std::scoped_lock lock(write_mutex_);
    append(payload);
    if (queued_.size() < flush_threshold) return false;
    write_queued(options_.send_timeout);
    return true;
}

void JsonSocket::flush() {
    const std::scoped_lock lock(write_mutex_);
    write_queued(options_.send_timeout);
}

/// With write_mutex_ held.
void JsonSocket::require_connected() const {
    if (connected()) return;
    throw ConnectionClosed("socket connection broken: not connected to " + peer_, false);
}

/// With write_mutex_ held.
void JsonSocket::append(std::string_view payload) {
    if (payload.size() > options_.limits.max_message_size) {
        throw MessageTooLarge(payload.size(), options_.limits.max_message_size);
    }
    const std::size_t before = queued_.size();
    try {
        encoder_->encode(payload, queued_);
    } catch (...) {
        queued_.resize(before);  // no header without its payload
        throw;
    }
}

/// With write_mutex_ held.
void JsonSocket::give_back() {
    if (queued_.empty() && queued_.capacity() > kept_capacity) queued_.shrink_to_fit();
}

/// With write_mutex_ held.
void JsonSocket::write_queued(std::chrono::milliseconds timeout) {
    if (closed_.load(std::memory_order_acquire)) {
        queued_.clear();
        throw ConnectionClosed("socket connection broken: not connected to " + peer_, false);
    }
    if (queued_.empty()) return;
    try {
        stream_->write_all(queued_, timeout);
    } catch (const std::exception&) {  // also for want of memory to say what it was
        queued_.clear();
        if (closed_.load(std::memory_order_acquire)) {
            throw ConnectionClosed("socket connection broken: closed by this side", true);
        }
        // Part of a message may be out; nothing that follows it would be understood.
        write_failed_.store(true, std::memory_order_release);
        close();
        throw;
    }
    queued_.clear();
}

void JsonSocket::interrupt() noexcept {
    interrupted_.store(true, std::memory_order_release);
    stream_->interrupt();
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
