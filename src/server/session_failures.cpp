// SPDX-License-Identifier: Apache-2.0
#include "server/failure.hpp"
#include "server/session.hpp"
#include "support/log.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <array>
#include <new>
#include <string>

/// What a session makes of its failures.
namespace jsocket {
namespace {

template <typename T>
const T* as(const std::exception& error) {
    return dynamic_cast<const T*>(&error);
}

}  // namespace

void Session::handle_failure(MessageHandler& handler, const std::exception& error) noexcept {
    const auto failure = classify(error);
    if (!failure) return;
    count_failure(*failure, error.what());
    linger_ = true;
    try {
        handler.on_error(error);
    } catch (...) {
        count_failure(Failure::handler, "on_error threw");
    }
}

/// What is not derived from std::exception.
void Session::handle_unknown_failure(MessageHandler& handler) noexcept {
    try {
        const Error error(not_an_exception);
        handle_failure(handler, error);
    } catch (const std::bad_alloc& error) {
        handle_failure(handler, error);
    }
}

void Session::count_failure(Failure failure, const char* reason) noexcept {
    counters_.failures[std::size_t(failure)] += 1;
    try {
        // One client's failures are not to hide those of another kind.
        static std::array<log::Throttle, failure_count> throttles;
        log::info(throttles[std::size_t(failure)], "client " + peer() + " is disconnected, " +
                                                       std::string(to_string(failure)) + ": " +
                                                       printable(reason, 300));
    } catch (const std::bad_alloc&) {
        // Counted all the same.
    }
}

/// What an exception is counted as; empty if the connection just ended.
std::optional<Failure> Session::classify(const std::exception& error) const {
    if (memory_ && memory_->exceeded()) return Failure::memory;
    if (as<MemoryError>(error)) return Failure::memory;     // it waited for room in vain
    if (socket_.write_failed()) return Failure::bad_write;  // here, or in a thread that pushed
    switch (step_) {
        case Step::write:
            return Failure::bad_write;
        case Step::hook:
            return Failure::handler;
        case Step::read:
            if (const auto* bad = as<PayloadError>(error)) return failure_of(bad->kind());
            return Failure::handler;
        case Step::receive:
            break;
    }
    if (socket_.interrupted()) return std::nullopt;
    if (const auto* bad = as<FramingError>(error)) return failure_of(bad->kind());
    if (const auto* bad = as<PayloadError>(error)) return failure_of(bad->kind());
    if (as<TimeoutError>(error)) return Failure::timeout;
    if (as<TlsError>(error)) return Failure::tls;
    if (const auto* closed = as<ConnectionClosed>(error)) {
        if (closed->mid_message()) return Failure::closed_mid_message;
        return std::nullopt;
    }
    return as<ConnectionError>(error) ? Failure::reset : Failure::framing;
}

}  // namespace jsocket
