// SPDX-License-Identifier: Apache-2.0
#include "socket/outbox.hpp"

#include "support/heap.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <utility>

namespace jsocket {
namespace {

// Enough for a write to be worth its system call; measured best for windows of 64 to 1024 messages.
constexpr std::size_t flush_threshold = 4 * 1024;

// A push may keep this much. The receiving thread frees memory when idle, but does not see pushes.
constexpr std::size_t kept_capacity = 1024;

// The reactor sends a fast client little more than this before it looks at the next one.
constexpr std::size_t fair_share = 256 * 1024;

// Late messages up to this leave together.
constexpr std::size_t chunk_size = 16 * 1024;

}  // namespace

void JsonSocket::Outbox::Calls::make() const {
    for (const Chunk& chunk : done) {
        for (const Sent& sent : chunk.sent) {
            if (sent) sent(chunk.left);
        }
    }
}

/// Has the lock for writing, and sees to it that nothing is forgotten that came meanwhile.
class JSOCKET_THREAD_ANNOTATION(scoped_lockable) JsonSocket::Outbox::Turn {
  public:
    explicit Turn(Outbox& outbox) JSOCKET_THREAD_ANNOTATION(acquire_capability(outbox.writing_))
        : outbox_(outbox) {
        outbox_.writing_.lock();
    }
    ~Turn() JSOCKET_THREAD_ANNOTATION(release_capability()) {
        outbox_.writing_.unlock();
        outbox_.go_on();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

  private:
    Outbox& outbox_;
};

JsonSocket::Outbox::Outbox(JsonSocket& socket, MemoryAccount* account,
                           std::shared_ptr<Reactor> reactor)
    : socket_(socket), reactor_(std::move(reactor)), queued_hold_(account), late_hold_(account) {
    use(socket.options_.framing);
}

JsonSocket::Outbox::~Outbox() {
    Calls calls;
    std::unique_ptr<Reactor::Watch> watch;
    {
        const Lock writing(writing_);
        watch.swap(watch_);
    }
    watch.reset();  // waits for the reactor's thread, which may want to lock
    const Lock writing(writing_);
    drop_late(calls);
}

void JsonSocket::Outbox::use(Framing framing) {
    const std::size_t most = socket_.options_.limits.max_message_size;
    auto encoder = framing::make_codec(framing, most);
    auto late_encoder = framing::make_codec(framing, most);
    {
        const Turn turn(*this);
        encoder_.swap(encoder);
    }
    const Lock lock(late_mutex_);
    late_encoder_.swap(late_encoder);
}

void JsonSocket::Outbox::send(std::span<const std::string_view> payloads, Deadline deadline) {
    Calls calls;
    const Turn turn(*this);
    if (!socket_.connected()) {
        throw ConnectionClosed("socket connection broken: not connected to " + socket_.peer_,
                               false);
    }
    append(payloads);
    std::chrono::milliseconds timeout = socket_.options_.send_timeout;
    if (deadline != no_deadline) {
        timeout = std::min(timeout, std::chrono::milliseconds(poll_timeout(deadline)));
    }
    write(timeout, calls);
    give_back();
}

bool JsonSocket::Outbox::queue(std::string_view payload) {
    Calls calls;
    const Turn turn(*this);
    append({&payload, 1});
    if (queued_.size() < flush_threshold) return false;
    write(socket_.options_.send_timeout, calls);
    return true;
}

void JsonSocket::Outbox::flush() {
    Calls calls;
    const Turn turn(*this);
    require_open();
    if (!queued_.empty()) write(socket_.options_.send_timeout, calls);
}

void JsonSocket::Outbox::drain() {
    Calls calls;
    const Turn turn(*this);
    write(socket_.options_.send_timeout, calls);
}

void JsonSocket::Outbox::release_memory() {
    const Turn turn(*this);
    queued_.shrink_to_fit();
    queued_hold_.set(queued_.capacity());
}

inline void JsonSocket::Outbox::check_size(std::string_view payload) const {
    const std::size_t most = socket_.options_.limits.max_message_size;
    if (payload.size() > most) throw MessageTooLarge(payload.size(), most);
}

inline void JsonSocket::Outbox::append(std::span<const std::string_view> payloads) {
    const std::size_t before = queued_.size();
    try {
        for (const std::string_view payload : payloads) {
            check_size(payload);
            encoder_->encode(payload, queued_);
        }
        queued_hold_.set(queued_.capacity());
    } catch (...) {
        queued_.resize(before);  // no header without its payload
        throw;
    }
}

void JsonSocket::Outbox::give_back() {
    if (!queued_.empty() || queued_.capacity() <= kept_capacity) return;
    queued_.shrink_to_fit();
    queued_hold_.set(queued_.capacity());
}

/// Throws if the connection was closed for sending.
void JsonSocket::Outbox::require_open() {
    if (!socket_.closed_.load(std::memory_order_acquire)) return;
    queued_.clear();
    throw ConnectionClosed("socket connection broken: not connected to " + socket_.peer_, false);
}

/// Writes everything, and waits for the peer to take it.
void JsonSocket::Outbox::write(std::chrono::milliseconds timeout, Calls& calls) {
    try {
        require_open();
        const Pace pace(timeout, socket_.options_.min_send_rate);
        if (work_.load(std::memory_order_relaxed) > 0 || !leaving_.empty()) {
            write_late(pace, calls);
        }
        if (!queued_.empty()) socket_.stream_->write_all(queued_, pace);
    } catch (const std::exception&) {  // also for want of memory to say what it was
        const bool closed = fail();
        drop_late(calls);
        if (closed) {
            throw ConnectionClosed("socket connection broken: closed by this side", true);
        }
        throw;
    }
    queued_.clear();
}

/// The same for late messages alone. Each has what is left of the time that all of them have.
void JsonSocket::Outbox::write_late(Pace pace, Calls& calls) {
    take_late();
    RateDeadline end(pace.timeout, pace.rate);
    while (!leaving_.empty()) {
        const auto rest = std::string_view(leaving_.front().bytes).substr(begun_);
        socket_.stream_->write_all(rest, pace);
        front_has_left(calls);
        end.advance(rest.size());
        if (pace.rate > 0 && end.end() != no_deadline) {
            pace.timeout = std::chrono::milliseconds(poll_timeout(end.end()));
        }
    }
    stop_waiting();
}

/// After an exception of the stream: part of a message may be out, and nothing that follows it
/// would be understood. Had this side closed the connection before?
bool JsonSocket::Outbox::fail() noexcept {
    queued_.clear();
    if (socket_.closed_.load(std::memory_order_acquire)) return true;
    socket_.write_failed_.store(true, std::memory_order_release);
    socket_.close();
    return false;
}

void JsonSocket::Outbox::send_late(std::string_view payload, Sent on_sent) {
    check_size(payload);
    {
        const Lock lock(late_mutex_);
        std::list<Chunk> added;
        const bool fits =
            !late_.empty() && late_.back().bytes.size() + payload.size() <= chunk_size;
        Chunk& chunk = fits ? late_.back() : added.emplace_back();
        const std::size_t before = chunk.bytes.size();
        const std::size_t messages = chunk.sent.size();
        if (messages == chunk.sent.capacity()) chunk.sent.reserve(2 * messages + 1);
        try {
            late_encoder_->encode(payload, chunk.bytes);
        } catch (...) {
            chunk.bytes.resize(before);
            throw;
        }
        chunk.sent.push_back(std::move(on_sent));
        chunk.payload_bytes += payload.size();
        late_bytes_ += chunk.bytes.size() - before;
        late_.splice(late_.end(), added);
        work_.exchange(1);
        try {
            late_hold_.set(late_bytes_);
        } catch (const std::exception&) {
            // The connection was cut for it, which whoever writes finds out.
        }
    }
    go_on();
}

/// Writes late messages until there are none, or the peer has no room, or it was `most` bytes;
/// unless another thread writes, which looks here when it is done.
void JsonSocket::Outbox::go_on(std::size_t most) noexcept {
    while (work_.fetch_add(0) > 0) {
        Calls calls;
        if (!writing_.try_lock()) return;
        pump(most, calls);
        writing_.unlock();
    }
}

void JsonSocket::Outbox::pump(std::size_t most, Calls& calls) noexcept {
    take_late();
    if (socket_.closed_.load(std::memory_order_acquire)) return drop_late(calls);
    if (watch_ && watch_->waiting()) return;
    try {
        if (write_some(most, calls)) {
            stop_waiting();
        } else {
            await_room();
        }
    } catch (const std::exception&) {
        fail();
        drop_late(calls);
    }
}

/// Writes what the peer has room for, and `most` bytes or little more. Is it all?
bool JsonSocket::Outbox::write_some(std::size_t most, Calls& calls) {
    Stream& stream = *socket_.stream_;
    if (!reactor_ || stream.descriptor() < 0) {
        write_late({socket_.options_.send_timeout, socket_.options_.min_send_rate}, calls);
        return true;
    }
    std::size_t written = 0;
    while (!leaving_.empty()) {
        if (written >= most) return false;
        const auto rest = std::string_view(leaving_.front().bytes).substr(begun_);
        const std::size_t before = rest.size() + stream.unsent();
        const std::size_t taken = stream.write_some(rest);
        begun_ += taken;
        written += taken;
        const std::size_t after = leaving_.front().bytes.size() - begun_ + stream.unsent();
        // Encrypted they are a little more.
        if (after < before) count_progress(before - after);
        if (after > 0) return false;
        front_has_left(calls);
    }
    return true;
}

void JsonSocket::Outbox::count_progress(std::size_t bytes) {
    if (!pace_) return;
    const SocketOptions& options = socket_.options_;
    if (options.min_send_rate > 0) {
        pace_->advance(bytes);
    } else {
        pace_.emplace(options.send_timeout, 0);
    }
}

/// Has the reactor go on when there is room, or it is too late.
void JsonSocket::Outbox::await_room() {
    const SocketOptions& options = socket_.options_;
    if (!pace_) pace_.emplace(options.send_timeout, options.min_send_rate);
    if (std::chrono::steady_clock::now() >= pace_->end()) {
        throw TimeoutError(socket_.peer_ + " did not read what was sent to it");
    }
    if (!watch_) {
        watch_ = std::make_unique<Reactor::Watch>(*reactor_, socket_.stream_->descriptor(), [this] {
            work_.exchange(1);
            go_on(fair_share);
            trim_heap();
        });
    }
    watch_->wait(pace_->end());
}

void JsonSocket::Outbox::stop_waiting() noexcept {
    pace_.reset();
    if (watch_) watch_->cancel();
}

void JsonSocket::Outbox::take_late() {
    const Lock lock(late_mutex_);
    work_.exchange(0);
    leaving_.splice(leaving_.end(), late_);
}

void JsonSocket::Outbox::front_has_left(Calls& calls) {
    Chunk& front = leaving_.front();
    {
        const Lock lock(late_mutex_);
        late_bytes_ -= front.bytes.size();
        late_hold_.set(late_bytes_);
    }
    if (watch_) count_freed(front.bytes.capacity());  // fast readers never leave much
    std::string().swap(front.bytes);                  // before anybody is told that it has left
    front.left = true;
    calls.done.splice(calls.done.end(), leaving_, leaving_.begin());
    begun_ = 0;
}

/// None of them will ever leave.
void JsonSocket::Outbox::drop_late(Calls& calls) noexcept {
    stop_waiting();
    const Lock lock(late_mutex_);
    work_.exchange(0);
    leaving_.splice(leaving_.end(), late_);
    begun_ = 0;
    late_bytes_ = 0;
    late_hold_.clear();
    for (Chunk& chunk : leaving_) {
        count_freed(chunk.bytes.capacity());
        std::string().swap(chunk.bytes);
        lost_payloads_ += chunk.sent.size();
        lost_bytes_ += chunk.payload_bytes;
    }
    calls.done.splice(calls.done.end(), leaving_);
}

}  // namespace jsocket
