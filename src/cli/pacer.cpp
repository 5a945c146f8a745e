// SPDX-License-Identifier: Apache-2.0
#include "cli/pacer.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <poll.h>
#include <sys/prctl.h>

namespace jsocket::cli {
namespace {

// After so many messages the end, and a stop, are looked at again.
constexpr std::size_t most_at_once = 256;

double seconds(LoadClock::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Sleeps of this thread end within a microsecond of their time instead of 50.
void sleep_exactly() { prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL); }

}  // namespace

ClosedPacer::ClosedPacer(const Schedule& schedule, std::size_t window, std::uint64_t quota)
    : schedule_(schedule),
      quota_(quota),
      starts_(window),
      permits_(static_cast<std::uint32_t>(window)) {}

std::size_t ClosedPacer::wait() {
    if (quota_ == 0) return 0;  // without waiting for replies, after which the server may leave
    permits_.wait(0, std::memory_order_acquire);
    const std::uint32_t permits = permits_.load(std::memory_order_acquire);
    if ((permits & stopped) != 0) return 0;
    const LoadClock::time_point now = LoadClock::now();
    if (now >= schedule_.end) return 0;
    std::uint64_t count = permits;
    if (now >= schedule_.measure_from) {
        count = std::min(count, quota_);
        quota_ -= quota_ == LoadOptions::unlimited ? 0 : count;
    }
    for (std::uint64_t i = 0; i < count; ++i, ++next_) {
        starts_[next_ % starts_.size()].store(now.time_since_epoch().count(),
                                              std::memory_order_relaxed);
    }
    permits_.fetch_sub(static_cast<std::uint32_t>(count), std::memory_order_relaxed);
    return count;
}

void ClosedPacer::replied(std::size_t count) {
    permits_.fetch_add(static_cast<std::uint32_t>(count), std::memory_order_release);
    permits_.notify_one();
}

LoadClock::time_point ClosedPacer::start_of(std::uint64_t number) const {
    return LoadClock::time_point(
        LoadClock::duration(starts_[number % starts_.size()].load(std::memory_order_relaxed)));
}

void ClosedPacer::stop() noexcept {
    permits_.fetch_or(stopped, std::memory_order_relaxed);
    permits_.notify_one();
}

OpenPacer::OpenPacer(const Schedule& schedule, const LoadOptions& options, std::size_t connection)
    : schedule_(schedule),
      rate_(options.rate),
      connections_(static_cast<double>(options.connections)),
      connection_(static_cast<double>(connection)),
      last_(LoadOptions::unlimited) {
    if (options.requests != LoadOptions::unlimited) {
        // Counted over all connections, so that the messages sent are those due first.
        const auto warmup = static_cast<std::uint64_t>(
            std::ceil(seconds(schedule.measure_from - schedule.begin) * rate_));
        last_ = share_of(warmup + options.requests, connection, options.connections);
    }
}

std::size_t OpenPacer::wait() {
    if (next_ == 0) sleep_exactly();
    while (!stop_.raised() && next_ < last_) {
        const LoadClock::time_point now = LoadClock::now();
        if (now >= schedule_.end) break;
        const LoadClock::time_point due = start_of(next_);
        if (due > now) {
            sleep_until(std::min(due, schedule_.end));
            continue;
        }
        const std::uint64_t before = next_;
        while (next_ < last_ && next_ - before < most_at_once && start_of(next_) <= now) ++next_;
        return next_ - before;
    }
    return 0;
}

LoadClock::time_point OpenPacer::start_of(std::uint64_t number) const {
    const double position = static_cast<double>(number) * connections_ + connection_;
    const std::chrono::duration<double> offset(position / rate_);
    return schedule_.begin + std::chrono::round<LoadClock::duration>(offset);
}

std::uint64_t OpenPacer::overdue(LoadClock::time_point moment) const {
    const std::uint64_t due = std::min(due_before(std::min(moment, schedule_.end)), last_);
    return due - std::min(due, next_);
}

std::uint64_t OpenPacer::due_before(LoadClock::time_point moment) const {
    const double position = seconds(moment - schedule_.begin) * rate_;
    return static_cast<std::uint64_t>(
        std::max(0.0, std::ceil((position - connection_) / connections_)));
}

void OpenPacer::sleep_until(LoadClock::time_point moment) const {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::max(moment - LoadClock::now(), LoadClock::duration::zero()));
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec time{whole.count(), (left - whole).count()};
    pollfd stopped{.fd = stop_.fd(), .events = POLLIN, .revents = 0};
    ppoll(&stopped, 1, &time, nullptr);
}

std::unique_ptr<Pacer> make_pacer(const Schedule& schedule, const LoadOptions& options,
                                  std::size_t connection) {
    if (options.open_loop()) return std::make_unique<OpenPacer>(schedule, options, connection);
    const std::uint64_t quota = options.requests == LoadOptions::unlimited
                                    ? LoadOptions::unlimited
                                    : share_of(options.requests, connection, options.connections);
    return std::make_unique<ClosedPacer>(schedule, options.window, quota);
}

}  // namespace jsocket::cli
