// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/testing/faults.hpp>

#include <algorithm>
#include <utility>

namespace jsocket::testing {

FaultyStream::FaultyStream(std::unique_ptr<Stream> stream, FaultPlan& plan)
    : stream_(std::move(stream)), plan_(plan) {}

/// Is this operation the one that goes wrong? Throws if one before it was and broke the stream.
bool FaultyStream::begin_operation() {
    const std::size_t number = plan_.operations_.fetch_add(1);
    const std::lock_guard lock(mutex_);
    if (broken_ != std::errc{}) {
        throw ConnectionError("socket connection broken by an earlier fault",
                              std::make_error_code(broken_));
    }
    return number == plan_.operation_;
}

bool FaultyStream::byte_by_byte() const {
    return plan_.fault_ == Fault::byte_by_byte && plan_.fired();
}

/// Throws, and makes every later operation throw. The peer sees the end of the stream, as it sees
/// that of a socket which is closed after an error.
void FaultyStream::break_down(std::errc code) {
    {
        const std::lock_guard lock(mutex_);
        broken_ = code;
    }
    stream_->shutdown();
    throw ConnectionError("socket connection broken by a fault", std::make_error_code(code));
}

/// Waits until `deadline`, or until `ended` is set, and says whether it is.
bool FaultyStream::stall(Deadline deadline, const bool& ended) {
    std::unique_lock lock(mutex_);
    return ended_.wait_until(lock, deadline, [&ended] { return ended; });
}

void FaultyStream::handshake(Deadline deadline) { stream_->handshake(deadline); }

std::optional<std::size_t> FaultyStream::read_some(std::span<char> space, Deadline deadline) {
    const bool faulty = begin_operation();
    if (byte_by_byte()) return stream_->read_some(space.first(1), deadline);
    return faulty ? faulty_read(space, deadline) : stream_->read_some(space, deadline);
}

std::optional<std::size_t> FaultyStream::faulty_read(std::span<char> space, Deadline deadline) {
    switch (plan_.fault_) {
        case Fault::end_of_stream:
            interrupt();
            return 0;
        case Fault::stall:
            if (stall(deadline, reading_ended_)) return 0;
            return std::nullopt;
        case Fault::split:
            return stream_->read_some(
                space.first(std::clamp<std::size_t>(plan_.bytes_, 1, space.size())), deadline);
        default:
            break_down(plan_.code_);
    }
}

std::uint64_t FaultyStream::received() const { return stream_->received(); }

void FaultyStream::write_all(std::string_view bytes, Pace pace) {
    const bool faulty = begin_operation();
    if (byte_by_byte()) {
        for (; !bytes.empty(); bytes.remove_prefix(1)) {
            stream_->write_all(bytes.substr(0, 1), pace);
        }
    } else if (faulty) {
        faulty_write(bytes, pace);
    } else {
        stream_->write_all(bytes, pace);
    }
}

void FaultyStream::faulty_write(std::string_view bytes, Pace pace) {
    const std::size_t first_part = std::min(plan_.bytes_, bytes.size());
    switch (plan_.fault_) {
        case Fault::end_of_stream:
            break_down(std::errc::broken_pipe);
        case Fault::stall:
            if (stall(deadline_after(pace.timeout), shut_down_)) break_down(std::errc::broken_pipe);
            throw TimeoutError("a fault stalled the write");
        case Fault::split:
            stream_->write_all(bytes.substr(0, first_part), pace);
            stream_->write_all(bytes.substr(first_part), pace);
            return;
        case Fault::truncate:
            stream_->write_all(bytes.substr(0, first_part), pace);
            break_down(plan_.code_);
        default:
            break_down(plan_.code_);
    }
}

void FaultyStream::interrupt() noexcept {
    {
        const std::lock_guard lock(mutex_);
        reading_ended_ = true;
    }
    ended_.notify_all();
    stream_->interrupt();
}

void FaultyStream::await_delivery(std::chrono::milliseconds timeout) noexcept {
    stream_->await_delivery(timeout);
}

void FaultyStream::finish_writing() noexcept { stream_->finish_writing(); }

void FaultyStream::shutdown() noexcept {
    {
        const std::lock_guard lock(mutex_);
        reading_ended_ = true;
        shut_down_ = true;
    }
    ended_.notify_all();
    stream_->shutdown();
}

void FaultyStream::acknowledge_now() noexcept { stream_->acknowledge_now(); }

std::string FaultyStream::peer() const { return stream_->peer(); }

PeerCredentials FaultyStream::credentials() const { return stream_->credentials(); }

}  // namespace jsocket::testing
