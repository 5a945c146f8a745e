// SPDX-License-Identifier: Apache-2.0
#include "cli/talk.hpp"

#include "cli/client_arguments.hpp"
#include "cli/watchdog.hpp"

#include <jsocket/error.hpp>

#include <utility>

namespace jsocket::cli {

Talk::Talk(const ClientOptions& options) : client_(make_client(options)) { client_.connect(); }

Talk::~Talk() {
    {
        const Lock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    client_.close();
    if (thread_.joinable()) thread_.join();
}

void Talk::start() {
    thread_ = std::thread([this] { run(); });
}

void Talk::send(std::string_view message, Deadline deadline) {
    // The client's own time-out starts anew with each byte that the server takes.
    const Watchdog watchdog(client_, deadline);
    try {
        client_.send_payload(message);
    } catch (const Error&) {
        if (!watchdog.expired()) throw;
        throw TimeoutError("the server did not read what was sent to it in time");
    }
}

void Talk::hurry() {
    const Lock lock(mutex_);
    hurried_ = true;
    changed_.notify_all();
}

std::optional<Talk::Event> Talk::next() {
    const Lock lock(mutex_);
    if (events_.empty() && failure_) std::rethrow_exception(failure_);
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    bytes_ -= event.text.size();
    changed_.notify_all();
    if (events_.empty() && !failure_) wake_.lower();
    return event;
}

void Talk::add(Event::Kind kind, std::string text) {
    const Lock lock(mutex_);
    // Whoever does not look at what comes is to make the server wait, not to run out of memory.
    while ((events_.size() >= most_events || bytes_ >= most_bytes) && !stopping_) {
        changed_.wait(mutex_);
    }
    bytes_ += text.size();
    events_.push_back({kind, std::move(text)});
    wake_.raise();
}

void Talk::run() {
    try {
        do {
            read_all();
        } while (!stopping_ && connect_again());
    } catch (const std::exception&) {
        const Lock lock(mutex_);
        failure_ = std::current_exception();
        wake_.raise();
    }
}

void Talk::read_all() {
    try {
        for (;;) {
            if (auto message = client_.try_read_payload(no_timeout)) {
                add(Event::Kind::message, std::move(*message));
            }
        }
    } catch (const Error& error) {
        client_.close();
        if (!stopping_) add(Event::Kind::disconnected, error.what());
    }
}

/// False if this object is to end.
bool Talk::connect_again() {
    const RetryPolicy policy;
    for (int attempt = 1; !stopping_; ++attempt) {
        try {
            client_.connect();
            // The destructor may have closed the client just before it connected.
            if (stopping_) return false;
            add(Event::Kind::connected, "");
            return true;
        } catch (const Error&) {
            // Why is known since the connection ended.
        }
        const Deadline end = deadline_after(policy.backoff_limit(attempt));
        const Lock lock(mutex_);
        while (!hurried_ && !stopping_) {
            if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) break;
        }
        if (std::exchange(hurried_, false)) attempt = 0;
    }
    return false;
}

}  // namespace jsocket::cli
