// SPDX-License-Identifier: Apache-2.0
#include "cli/load.hpp"

#include "cli/terminal.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <exception>
#include <poll.h>
#include <sys/resource.h>
#include <system_error>
#include <utility>

namespace jsocket::cli {
namespace {

/// Shells usually let a program have 1024 of them, and systems far more.
void allow_many_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

const char* failure_of(const std::exception& error) {
    if (dynamic_cast<const TlsError*>(&error) != nullptr) return "tls";
    if (dynamic_cast<const TimeoutError*>(&error) != nullptr) return "timeout";
    if (dynamic_cast<const ConnectError*>(&error) != nullptr) return "connect";
    if (dynamic_cast<const ConnectionClosed*>(&error) != nullptr) return "closed";
    if (dynamic_cast<const ConnectionError*>(&error) != nullptr) return "broken";
    if (dynamic_cast<const ProtocolError*>(&error) != nullptr) return "protocol";
    return "other";
}

/// Without end for no_timeout.
LoadClock::time_point later(LoadClock::time_point moment, std::chrono::milliseconds by) {
    return by == no_timeout ? LoadClock::time_point::max() : moment + by;
}

}  // namespace

std::size_t LoadResult::failed_connections() const {
    std::size_t count = 0;
    for (const auto& [kind, times] : failures) count += times;
    return count;
}

Load::Load(LoadOptions options)
    : options_(std::move(options)),
      connected_(static_cast<std::ptrdiff_t>(options_.connections)),
      left_(options_.connections) {
    if (options_.tls) tls_.emplace(*options_.tls);
    allow_many_descriptors();
    for (std::size_t i = 0; i < options_.connections; ++i) {
        connections_.push_back(
            std::make_unique<LoadConnection>(options_, tls_ ? &*tls_ : nullptr, i));
    }
}

Load::~Load() {
    stop();
    join();
}

void Load::start() {
    try {
        threads_.reserve(connections_.size());
        watcher_ = std::thread([this] { watch(); });
        for (const auto& connection : connections_) {
            threads_.emplace_back([this, &connection = *connection] { run(connection); });
        }
    } catch (const std::system_error& error) {
        stop();
        connected_.count_down(static_cast<std::ptrdiff_t>(connections_.size() - threads_.size()));
        throw Error("--connections: cannot start thread " + std::to_string(threads_.size() + 1) +
                    ": " + error.code().message());
    }
}

/// The last resort against servers: the connections' own time-outs hold until a message has begun,
/// and tell more exactly.
void Load::watch() noexcept {
    using std::chrono::milliseconds;
    const milliseconds interval =
        std::clamp(options_.timeout / 10, milliseconds(10), milliseconds(1000));
    pollfd done{done_.fd(), POLLIN, 0};
    while (!done_.raised()) {
        ::poll(&done, 1, static_cast<int>(interval.count()));
        const LoadClock::time_point now = LoadClock::now();
        for (const auto& connection : connections_) connection->watch(now);
    }
}

void Load::stop() noexcept {
    cancel_.raise();
    for (const auto& connection : connections_) connection->stop();
}

void Load::run(LoadConnection& connection) noexcept {
    const bool connected = connect(connection);
    connected_.arrive_and_wait();
    std::call_once(begun_, [this] { begin(); });
    try {
        if (connected) connection.run(schedule_);
    } catch (const std::exception& error) {
        count_failure(error);
    }
    if (--left_ > 0) return;
    ended_ = LoadClock::now();
    done_.raise();
}

bool Load::connect(LoadConnection& connection) noexcept {
    try {
        connection.connect(cancel_);
        return true;
    } catch (const std::exception& error) {
        if (!cancel_.raised()) count_failure(error);
        return false;
    }
}

void Load::begin() {
    schedule_.begin = LoadClock::now();
    schedule_.measure_from = schedule_.begin + options_.warmup;
    schedule_.end = later(schedule_.measure_from, options_.duration);
    running_.store(true, std::memory_order_release);
}

void Load::count_failure(const std::exception& error) noexcept {
    const std::scoped_lock lock(mutex_);
    ++failures_[failure_of(error)];
    if (!first_failure_.empty()) return;
    first_failure_ = error.what();
    first_failure_kind_ = kind_of(error);
}

void Load::join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    if (!watcher_.joinable()) return;
    done_.raise();
    watcher_.join();
}

LoadProgress Load::progress() const {
    if (!running_.load(std::memory_order_acquire)) return {};
    LoadProgress progress{.connecting = false};
    std::uint64_t measured = 0;
    for (const auto& connection : connections_) {
        progress.answered += connection->answered();
        measured += connection->counts().messages;
    }
    if (options_.duration != no_timeout) {
        const std::chrono::duration<double> passed = LoadClock::now() - schedule_.begin;
        const std::chrono::duration<double> whole = options_.warmup + options_.duration;
        progress.share = passed / whole;
    } else {
        progress.share = static_cast<double>(measured) / static_cast<double>(options_.requests);
    }
    progress.share = std::min(progress.share, 1.0);
    return progress;
}

LoadResult Load::finish() {
    join();
    LoadResult result;
    result.time = std::max(ended_ - schedule_.measure_from, LoadClock::duration::zero());
    for (const auto& connection : connections_) {
        const LoadCounts counts = connection->counts();
        result.counts.messages += counts.messages;
        result.counts.errors += counts.errors;
        result.counts.bytes_sent += counts.bytes_sent;
        result.counts.bytes_received += counts.bytes_received;
        const LoadError& error = connection->first_error();
        if (error.when < result.first_error.when) result.first_error = error;
        result.latency.merge(connection->latency().snapshot());
        result.unanswered += connection->unanswered();
        result.unsent += connection->unsent(ended_);
    }
    result.failures = std::move(failures_);
    result.first_failure = std::move(first_failure_);
    result.first_failure_kind = first_failure_kind_;
    return result;
}

}  // namespace jsocket::cli
