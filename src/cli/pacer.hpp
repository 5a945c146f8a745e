// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/load_options.hpp"

#include <jsocket/socket/interrupt.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace jsocket::cli {

using LoadClock = std::chrono::steady_clock;

/// When a load begins, counts, and ends.
struct Schedule {
    LoadClock::time_point begin;
    LoadClock::time_point measure_from;  ///< messages that start earlier only warm up
    LoadClock::time_point end;           ///< no message starts then or later
};

/// Says when one connection may send its messages, which are numbered from 0.
///
/// Threads:  wait() on the sending thread, replied() on the receiving one, stop() on any.
///           start_of() on the sending thread for messages that wait() has just let go; on the
///           receiving one, if replies come in order, for messages that have none yet.
class Pacer {
  public:
    virtual ~Pacer() = default;
    Pacer(const Pacer&) = delete;
    Pacer& operator=(const Pacer&) = delete;

    /// Waits until messages may be sent, and returns how many; 0 if none is to be sent any more.
    virtual std::size_t wait() = 0;

    /// Replies have come to so many messages.
    virtual void replied(std::size_t count) = 0;

    /// From when on a message's latency counts.
    virtual LoadClock::time_point start_of(std::uint64_t number) const = 0;

    /// How many were due before `moment` and not sent; after the last wait().
    virtual std::uint64_t overdue(LoadClock::time_point moment) const = 0;

    /// Makes wait() return 0, now and from now on.
    virtual void stop() noexcept = 0;

  protected:
    Pacer() = default;
};

/// At most `window` messages are on their way at a time.
class ClosedPacer : public Pacer {
  public:
    ClosedPacer(const Schedule& schedule, std::size_t window, std::uint64_t quota);

    std::size_t wait() override;
    void replied(std::size_t count) override;
    LoadClock::time_point start_of(std::uint64_t number) const override;
    std::uint64_t overdue(LoadClock::time_point) const override { return 0; }
    void stop() noexcept override;

  private:
    static constexpr std::uint32_t stopped = std::uint32_t{1} << 31;

    const Schedule schedule_;
    std::uint64_t quota_;  // of measured messages
    std::uint64_t next_ = 0;
    std::vector<std::atomic<LoadClock::rep>> starts_;  // of message n at n % window
    std::atomic<std::uint32_t> permits_;               // messages that may be sent
};

/// Messages are due at fixed times, and what a connection is late with is due nonetheless: the time
/// for which a server stalls counts for every message of that time, not for one alone.
///
/// Message n of connection i of c is the (n * c + i)-th of all of them.
class OpenPacer : public Pacer {
  public:
    OpenPacer(const Schedule& schedule, const LoadOptions& options, std::size_t connection);

    std::size_t wait() override;
    void replied(std::size_t) override {}
    LoadClock::time_point start_of(std::uint64_t number) const override;
    std::uint64_t overdue(LoadClock::time_point moment) const override;
    void stop() noexcept override { stop_.raise(); }

  private:
    std::uint64_t due_before(LoadClock::time_point moment) const;
    void sleep_until(LoadClock::time_point moment) const;

    const Schedule schedule_;
    const double rate_;
    const double connections_;
    const double connection_;
    std::uint64_t last_;  // no message of this number or a higher one is sent
    std::uint64_t next_ = 0;
    Interrupt stop_;
};

std::unique_ptr<Pacer> make_pacer(const Schedule& schedule, const LoadOptions& options,
                                  std::size_t connection);

}  // namespace jsocket::cli
