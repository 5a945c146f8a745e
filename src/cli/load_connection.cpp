// SPDX-License-Identifier: Apache-2.0
#include "cli/load_connection.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <thread>
#include <utility>

namespace jsocket::cli {
namespace {

/// For a counter with one writer: cheaper than an addition that others could be part of.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
    counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace

LoadConnection::LoadConnection(const LoadOptions& options, const TlsContext* tls,
                               std::size_t number)
    : options_(options), tls_(tls), number_(number) {}

void LoadConnection::connect(const Interrupt& cancel) {
    const Deadline deadline = deadline_after(options_.timeout);
    auto stream = connect_stream(options_.server, deadline, &cancel);
    if (tls_ != nullptr) stream = tls_->connect(std::move(stream), options_.server.address);
    handshake_.run(*stream, deadline, cancel);
    auto socket = std::make_unique<JsonSocket>(std::move(stream),
                                               SocketOptions{.framing = options_.framing,
                                                             .recv_timeout = options_.timeout,
                                                             .send_timeout = options_.timeout,
                                                             .message_deadline = no_timeout});
    const std::scoped_lock lock(mutex_);
    // It may have ended the stream; and from here on stop() finds the socket.
    if (cancel.raised()) throw ConnectionClosed("stopped", false);
    socket_ = std::move(socket);
}

void LoadConnection::run(const Schedule& schedule) {
    if (!prepare(schedule)) return;
    if (!options_.open_loop() && options_.window == 1) {
        take_turns();
    } else {
        // Two threads, as a server may stop reading until somebody takes its replies.
        std::thread sender([this] { send_all(); });
        receive_all();
        sender.join();
    }
    socket_->close();
    const std::scoped_lock lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
}

/// False if it was stopped before it began.
bool LoadConnection::prepare(const Schedule& schedule) {
    measure_from_ = schedule.measure_from;
    auto pacer = make_pacer(schedule, options_, number_);
    exchange_ = make_exchange(options_, *pacer, number_);
    const std::scoped_lock lock(mutex_);
    pacer_ = std::move(pacer);
    return !stopped_;
}

void LoadConnection::stop() noexcept {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;  // first: what ends from here on has not failed
    if (pacer_) pacer_->stop();
    if (socket_) socket_->close();
    handshake_.interrupt();
}

void LoadConnection::watch(LoadClock::time_point now) noexcept {
    const std::uint64_t answered = answered_;
    const bool waits = sent_ != answered;  // read second, as answered_ follows it
    if (!waits || answered != seen_answered_) {
        seen_answered_ = answered;
        seen_at_ = now;
    } else if (now - seen_at_ > options_.timeout) {
        fail(no_reply());
    }
}

std::uint64_t LoadConnection::unsent(LoadClock::time_point moment) const {
    return pacer_ ? pacer_->overdue(moment) : 0;
}

LoadCounts LoadConnection::counts() const {
    return {.messages = messages_,
            .errors = errors_,
            .bytes_sent = bytes_sent_,
            .bytes_received = bytes_received_};
}

void LoadConnection::take_turns() {
    try {
        while (const std::size_t count = pacer_->wait()) {
            send(count);
            receive();
        }
    } catch (...) {
        fail(std::current_exception());
    }
}

void LoadConnection::send_all() noexcept {
    try {
        while (const std::size_t count = pacer_->wait()) send(count);
    } catch (...) {
        fail(std::current_exception());
    }
    total_ = sent_.load();
    // Then the receiver waits for a reply that will never come.
    if (answered_ == total_) socket_->interrupt();
}

void LoadConnection::receive_all() noexcept {
    try {
        while (answered_ < total_) receive();
    } catch (...) {
        if (answered_ != total_) fail(std::current_exception());
    }
}

void LoadConnection::send(std::size_t count) {
    const std::uint64_t first = sent_;
    exchange_->sending(first, count);
    sent_ += count;  // before a reply can come
    for (std::uint64_t i = 0; i < count; ++i) socket_->queue_payload(exchange_->message(first + i));
    socket_->flush();
}

/// Waits for a reply, and takes all that have come with it.
void LoadConnection::receive() {
    while (taken_ == answered_) take_messages();
    const std::uint64_t count = taken_ - answered_;
    answered_ = taken_;
    pacer_->replied(count);
}

void LoadConnection::take_messages() {
    std::optional<std::string_view> text = next_message();
    const LoadClock::time_point now = LoadClock::now();
    for (; text; text = socket_->receive_buffered()) {
        const std::optional<Exchange::Reply> reply = exchange_->take(*text);
        if (!reply) continue;
        if (taken_ >= sent_) throw ProtocolError("a message came that is no reply to any");
        ++taken_;
        record(now, *reply, text->size());
    }
    // In order, any reply is the one to the oldest message; replies to calls may overtake it.
    if (options_.rpc() && taken_ != sent_) end_of_patience(now);
}

std::string_view LoadConnection::next_message() {
    Deadline deadline = deadline_after(options_.timeout);
    if (options_.rpc() && answered_ != sent_) {
        deadline = exchange_->waiting_since() + options_.timeout;
    }
    for (;;) {
        if (const auto message = socket_->receive(deadline)) return *message;
        // It may be that nothing was sent, or not long ago.
        deadline = deadline_after(options_.timeout);
        if (answered_ != sent_) deadline = end_of_patience(LoadClock::now());
    }
}

/// Until when the oldest message's reply has to come. Throws TimeoutError if that is over.
LoadClock::time_point LoadConnection::end_of_patience(LoadClock::time_point now) const {
    const LoadClock::time_point end = exchange_->waiting_since() + options_.timeout;
    if (end > now) return end;
    std::rethrow_exception(no_reply());
}

std::exception_ptr LoadConnection::no_reply() const {
    return std::make_exception_ptr(TimeoutError("no reply from " + to_string(options_.server) +
                                                " within " +
                                                std::to_string(options_.timeout.count()) + " ms"));
}

void LoadConnection::record(LoadClock::time_point now, const Exchange::Reply& reply,
                            std::size_t size) {
    if (reply.start < measure_from_) return;
    latency_.record(now - reply.start);
    add(messages_, 1);
    add(bytes_sent_, exchange_->size(reply.number));
    add(bytes_received_, size);
    if (reply.error.empty()) return;
    constexpr std::size_t most = 200;
    if (errors_ == 0) first_error_ = {now, printable(compact(reply.error), most)};
    add(errors_, 1);
}

/// Ends both directions. Only the first failure counts: others follow from it, or from stop().
void LoadConnection::fail(std::exception_ptr failure) noexcept {
    const std::scoped_lock lock(mutex_);
    if (!stopped_ && !failure_) failure_ = std::move(failure);
    pacer_->stop();
    socket_->close();
}

}  // namespace jsocket::cli
