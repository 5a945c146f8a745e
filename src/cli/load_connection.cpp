// SPDX-License-Identifier: Apache-2.0
#include "cli/load_connection.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json.hpp>

#include <thread>
#include <utility>

namespace jsocket::cli {
namespace {

/// For a counter with one writer: cheaper than an addition that others could be part of.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
    counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

/// Is it an error of JSON-RPC? Hardly any other reply has both names somewhere, so that a tree is
/// hardly ever made.
bool is_error(std::string_view reply) {
    constexpr auto npos = std::string_view::npos;
    if (reply.find("\"error\"") == npos || reply.find("\"jsonrpc\"") == npos) return false;
    try {
        const json tree = parse(reply);
        return tree.is_object() && tree.contains("jsonrpc") && tree.contains("error");
    } catch (const PayloadError&) {
        return false;
    }
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
    if (stopped_) socket->close();
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
    const std::scoped_lock lock(mutex_);
    pacer_ = std::move(pacer);
    return !stopped_;
}

void LoadConnection::stop() noexcept {
    handshake_.interrupt();
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    if (pacer_) pacer_->stop();
    if (socket_) socket_->close();
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
    sent_ += count;  // before a reply can come
    for (std::uint64_t i = 0; i < count; ++i) socket_->queue_payload(message(first + i));
    socket_->flush();
}

/// Waits for a reply, and takes all that have come with it.
void LoadConnection::receive() {
    std::optional<std::string_view> reply = next_reply();
    const LoadClock::time_point now = LoadClock::now();
    const std::uint64_t before = answered_;
    std::uint64_t number = before;
    for (; reply; ++number, reply = socket_->receive_buffered()) {
        if (number >= sent_) throw ProtocolError("a message came that is no reply to any");
        record(now, number, *reply);
    }
    answered_ = number;
    pacer_->replied(number - before);
}

std::string_view LoadConnection::next_reply() {
    Deadline deadline = deadline_after(options_.timeout);
    for (;;) {
        if (const auto reply = socket_->receive(deadline)) return *reply;
        // It may be that nothing was sent, or not long ago.
        deadline = deadline_after(options_.timeout);
        if (answered_ == sent_) continue;
        const LoadClock::time_point due = pacer_->start_of(answered_) + options_.timeout;
        if (due <= LoadClock::now()) {
            throw TimeoutError("no reply from " + to_string(options_.server) + " within " +
                               std::to_string(options_.timeout.count()) + " ms");
        }
        deadline = due;
    }
}

void LoadConnection::record(LoadClock::time_point now, std::uint64_t number,
                            std::string_view reply) {
    const LoadClock::time_point start = pacer_->start_of(number);
    if (start < measure_from_) return;
    latency_.record(now - start);
    add(messages_, 1);
    add(bytes_sent_, message(number).size());
    add(bytes_received_, reply.size());
    if (is_error(reply)) add(errors_, 1);
}

/// Each connection begins with another one.
std::string_view LoadConnection::message(std::uint64_t number) const {
    return options_.messages[(number_ + number) % options_.messages.size()];
}

/// Ends both directions. Only the first failure counts: others follow from it, or from stop().
void LoadConnection::fail(std::exception_ptr failure) noexcept {
    const std::scoped_lock lock(mutex_);
    if (!stopped_ && !failure_) failure_ = std::move(failure);
    pacer_->stop();
    socket_->close();
}

}  // namespace jsocket::cli
