// SPDX-License-Identifier: Apache-2.0
#include "server/session.hpp"

#include "core/discard.hpp"
#include "server/call_pool.hpp"
#include "server/identity.hpp"
#include "server/stats_service.hpp"
#include "support/heap.hpp"

#include <jsocket/error.hpp>

#include <algorithm>

namespace jsocket {
namespace {

// How long a client that broke the protocol may take to read earlier replies and to leave.
constexpr std::chrono::milliseconds linger_time = std::chrono::seconds(1);

// Memory of messages up to the first size is kept; of larger ones until the connection is idle for
// a while or messages are much smaller, as making a big tree anew takes five times as long.
constexpr std::size_t small_message_size = 4 * 1024;
constexpr std::size_t usual_message_size = 64 * 1024;
constexpr std::size_t small_part = 8;
constexpr std::chrono::milliseconds idle_time = std::chrono::seconds(1);

// From this size on, a reply is given its room before it is written.
constexpr std::size_t big_message_size = 1024 * 1024;

/// Opens an account of `budget`, if there is one.
MemoryAccount* counted_in(std::optional<MemoryAccount>& account,
                          std::shared_ptr<MemoryBudget> budget, std::function<void()> cut) {
    if (!budget) return nullptr;
    return &account.emplace(std::move(budget), std::move(cut));
}

}  // namespace

Session::Session(SessionId id, std::unique_ptr<Stream> stream, const ServerOptions& options,
                 const SessionServices& services, Slots::Slot slot)
    : id_(id),
      idle_timeout_(options.idle_timeout),
      stats_service_(services.stats),
      calls_(services.calls),
      slot_(std::move(slot)),
      socket_(std::move(stream), socket_options(options),
              counted_in(memory_, services.memory, [this] { cut_off(); }), services.reactor),
      current_name_(peer()),
      name_(peer()) {}

Session::~Session() {
    if (memory_) memory_->retire();
    discard(message_);
}

void Session::serve(MessageHandler& handler) noexcept {
    bool begun = false;
    bool greeted = false;
    try {
        handler.attach(shared_from_this());
        step_ = Step::receive;
        socket_.handshake(no_deadline);
        ready_.store(true, std::memory_order_release);
        step_ = Step::hook;
        begun = true;
        handler.on_connect();
        greeted = true;
        run(handler);
    } catch (const std::exception& error) {
        handle_failure(handler, error);
    } catch (...) {
        handle_unknown_failure(handler);
    }
    try {
        if (begun) handler.drain();
        if (greeted) handler.on_disconnect();
    } catch (const std::exception& error) {
        count_failure(Failure::handler, error.what());
    } catch (...) {
        count_failure(Failure::handler, not_an_exception);
    }
    finish();
    handler.detach();
}

void Session::abandon(const char* reason) noexcept {
    count_failure(Failure::handler, reason);
    linger_ = true;
    finish();
}

void Session::run(MessageHandler& handler) {
    for (;;) {
        step_ = Step::receive;
        if (const auto payload = socket_.receive_buffered()) {
            answer(handler, *payload);
        } else {
            // Replies to all that has arrived leave together, before waiting for more.
            flush();
            answer(handler, wait_for_message());
        }
    }
}

std::string_view Session::wait_for_message() {
    step_ = Step::receive;
    Deadline end = deadline_after(idle_timeout_);
    std::optional<std::string_view> payload;
    // A message that comes slowly is no reason to keep what earlier ones took.
    if (most_held() > small_message_size) {
        payload = socket_.receive(std::min(end, deadline_after(idle_time)));
        if (!payload) release_memory();
    }
    while (!payload && trim_is_due_) {
        if (trim_heap() || std::chrono::steady_clock::now() >= end) {
            trim_is_due_ = false;
        } else {
            payload = socket_.receive(std::min(end, deadline_after(trim_pause)));
        }
    }
    while (!payload) {
        payload = socket_.receive(end);
        if (payload) break;
        if (!socket_.mid_message()) {
            throw TimeoutError(peer() + " has been idle for longer than idle_timeout");
        }
        end = no_deadline;
    }
    now_ = unix_time();
    return *payload;
}

/// By one of the parts that make the next message faster.
std::size_t Session::most_held() const noexcept {
    return std::max({largest_size_, socket_.capacity(), builder_.peak()});
}

/// Gives back what serves to make the next message faster.
void Session::release_memory() {
    const std::size_t freed = most_held();
    discard(message_);
    builder_.release();
    std::string().swap(reply_);
    reply_hold_.clear();
    socket_.release_memory();
    largest_size_ = 0;
    give_back(freed);
}

/// Has the system get what was freed: at once, or when the client is idle.
void Session::give_back(std::size_t freed) noexcept {
    count_freed(freed);
    trim_is_due_ = !trim_heap();
}

void Session::answer(MessageHandler& handler, std::string_view payload) {
    if (stats_service_ && answer_stats(handler, payload)) return;
    const std::size_t size = payload.size();
    const bool shrunk = largest_size_ > usual_message_size && size < largest_size_ / small_part;
    largest_size_ = std::max(largest_size_, size);
    reply_.clear();
    // Growing a big string step by step, the allocator would keep more memory from then on.
    if (size > big_message_size) reply_.reserve(size);
    reply_hold_.set(reply_.capacity());
    uncounted_size_ = size;
    step_ = Step::read;
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = stats_service_ ? Clock::now() : Clock::time_point();
    handler.process_payload(payload, reply_);
    if (stats_service_) stats_service_->record(Clock::now() - start);
    if (uncounted_size_) count_received();
    reply_hold_.set(reply_.capacity());
    if (!reply_.empty()) queue_reply();
    // A hook that took its time, some milliseconds, does not keep the client waiting for the next.
    const double now = unix_time();
    if (unsent_messages_ > 0 && now != now_) flush();
    now_ = now;
    if (shrunk && reply_.size() < largest_size_ / small_part) release_memory();
    largest_size_ = std::max(largest_size_, reply_.size());
}

/// Answers a request for statistics, which counts as no message: who looks on changes nothing.
/// False if it is something else, also something malformed, which is the handler's to judge.
bool Session::answer_stats(MessageHandler& handler, std::string_view payload) {
    if (!StatsService::may_be_request(payload)) return false;
    try {
        fill(payload);
    } catch (const PayloadError&) {
        return false;
    }
    if (!StatsService::is_request(message_)) return false;
    if (const auto name = identity_of(message_)) identify(*name);
    reply_.clear();
    step_ = Step::write;
    stats_service_->answer(
        message_,
        [&](json& result) {
            const Step before = std::exchange(step_, Step::hook);
            handler.on_stats(result);
            step_ = before;
        },
        reply_);
    reply_hold_.set(reply_.capacity());
    socket_.queue_payload(reply_);
    largest_size_ = std::max(largest_size_, reply_.size());
    return true;
}

void Session::queue_reply() {
    step_ = Step::write;
    // Counted before it is sent: a client that has its reply finds it in the statistics.
    count_sent(1, reply_.size());
    try {
        if (socket_.queue_payload(reply_)) unsent_messages_ = unsent_bytes_ = 0;
    } catch (...) {
        uncount_sent(1, reply_.size());  // those before it may still be sent
        throw;
    }
}

void Session::flush() {
    step_ = Step::write;
    socket_.flush();
    unsent_messages_ = unsent_bytes_ = 0;
}

void Session::fill(std::string_view payload) {
    try {
        builder_.fill(payload, limits(), message_);
    } catch (...) {
        give_back(builder_.peak());
        throw;
    }
}

json& Session::read_message(std::string_view payload) {
    if (step_ == Step::hook) {
        throw UsageError("process_payload of the base was called in process_message");
    }
    step_ = Step::read;
    fill(payload);
    if (const json* member = identity_member(message_)) {
        const auto* text = member->get_ptr<const std::string*>();
        const bool known = text != nullptr && *text == current_name_;
        if (const auto name = known ? std::nullopt : identity_of(message_)) identify(*name);
    }
    if (uncounted_size_) count_received();
    return message_;
}

void Session::write_reply(json&& message, std::string& reply) {
    step_ = Step::write;
    reply.clear();
    try {
        serialize(message, reply, limits());
    } catch (...) {
        discard(message);
        throw;
    }
    step_ = Step::read;
    if (message_.is_null()) message_ = std::move(message);
    discard(message);
}

void Session::send_reply(std::string_view text, std::function<void()> sent) {
    // Counted before it is sent: a client that has its reply finds it in the statistics.
    counters_.late_messages_out += 1;
    counters_.late_bytes_out += text.size();
    std::function<void(bool)> on_sent;
    try {
        if (sent) on_sent = [sent = std::move(sent)](bool) { sent(); };
        socket_.send_late_payload(text, std::move(on_sent));
    } catch (...) {
        counters_.late_messages_out -= 1;
        counters_.late_bytes_out -= text.size();
        throw;
    }
    counters_.last_message.set(unix_time());
}

void Session::identify(std::string_view name) {
    name = identity_text(name);
    if (name.empty() || name == current_name_) return;
    std::string copies[] = {std::string(name), std::string(name)};
    current_name_.swap(copies[0]);
    const Lock lock(mutex_);
    name_.swap(copies[1]);
}

void Session::count_received() {
    counters_.messages_in += 1;
    counters_.bytes_in += uncounted_size_.value_or(0);
    uncounted_size_.reset();
    counters_.last_message.set(now_);
}

void Session::count_sent(std::uint64_t messages, std::uint64_t bytes) {
    counters_.messages_out += messages;
    counters_.bytes_out += bytes;
    unsent_messages_ += messages;
    unsent_bytes_ += bytes;
}

void Session::uncount_sent(std::uint64_t messages, std::uint64_t bytes) {
    counters_.messages_out -= messages;
    counters_.bytes_out -= bytes;
    unsent_messages_ -= messages;
    unsent_bytes_ -= bytes;
}

void Session::finish() noexcept {
    try {
        socket_.drain();  // what was answered before a failure
        unsent_messages_ = unsent_bytes_ = 0;
    } catch (const std::exception& error) {
        uncount_sent(unsent_messages_, unsent_bytes_);
        // A client that has left is another matter: it has just not waited.
        if (dynamic_cast<const TimeoutError*>(&error))
            count_failure(Failure::bad_write, error.what());
    }
    // An interrupted client may have sent more, too, but is not waited for.
    const bool lingers = linger_ || socket_.interrupted();
    {
        const std::chrono::duration<double> duration =
            std::chrono::steady_clock::now() - connect_time_;
        const Lock lock(mutex_);
        duration_ = duration.count();
        disconnect_ts_ = unix_time();
        if (lingers) {
            disconnected_.store(true, std::memory_order_release);
        } else {
            slot_.give_back(disconnected_);
        }
    }
    if (lingers) socket_.finish(linger_time);
    socket_.close();
    slot_.give_back();
    if (most_held() > usual_message_size) release_memory();
}

ClientStats Session::stats() const {
    ClientStats stats;
    stats.connects = 1;
    stats.messages_in = counters_.messages_in.get();
    const JsonSocket::Lost lost = socket_.lost();  // of those that are counted next
    stats.messages_out = counters_.messages_out.get() + counters_.late_messages_out - lost.payloads;
    stats.bytes_in = counters_.bytes_in.get();
    stats.bytes_out = counters_.bytes_out.get() + counters_.late_bytes_out - lost.bytes;
    stats.last_connect_ts = connect_ts_;
    if (const double last = counters_.last_message.get(); last > 0) stats.last_message_ts = last;
    for (std::size_t i = 0; i < failure_count; ++i) {
        stats.failures[i] = counters_.failures[i].get();
    }
    const Lock lock(mutex_);
    stats.client_id = name_;
    if (connected()) {
        const std::chrono::duration<double> duration =
            std::chrono::steady_clock::now() - connect_time_;
        stats.connected = true;
        stats.connected_duration = stats.total_connected_duration = duration.count();
    } else {
        stats.disconnects = 1;
        stats.total_connected_duration = duration_;
        stats.last_disconnect_ts = disconnect_ts_;
    }
    return stats;
}

}  // namespace jsocket
