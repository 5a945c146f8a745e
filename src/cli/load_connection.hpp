// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/exchange.hpp"
#include "cli/load_options.hpp"
#include "cli/pacer.hpp"
#include "socket/handshake.hpp"
#include "socket/tls_context.hpp"

#include <jsocket/histogram.hpp>
#include <jsocket/socket/json_socket.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace jsocket::cli {

/// What one connection, or all of them, have measured. Bytes are those of JSON, without headers.
struct LoadCounts {
    std::uint64_t messages = 0;  ///< that were replied to, by an error or not
    std::uint64_t errors = 0;    ///< of those, the ones whose reply is an error of JSON-RPC
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
};

/// An error of JSON-RPC, cut and printable.
struct LoadError {
    LoadClock::time_point when = LoadClock::time_point::max();  ///< without end if there was none
    std::string text;
};

/// One connection of a load: sends, takes the replies, and measures.
///
/// Threads:  connect() and then run() on one thread, watch() on another; stop(), answered() and
///           counts() on any.
class LoadConnection {
  public:
    LoadConnection(const LoadOptions& options, const TlsContext* tls, std::size_t number);

    /// Throws ConnectionError, TlsError or TimeoutError.
    void connect(const Interrupt& cancel);

    /// Returns when the last reply has come, or stop() was called. Throws what ended it earlier:
    /// TimeoutError for a server that is silent, ConnectionError, ProtocolError.
    void run(const Schedule& schedule);

    void stop() noexcept;

    /// Messages that were replied to, those of the warm-up included.
    std::uint64_t answered() const { return answered_.load(std::memory_order_relaxed); }

    /// To be called again and again, on one thread. Ends the connection with a TimeoutError if
    /// messages wait and no reply has come whole for longer than the time-out. The server may send
    /// a reply bit by bit meanwhile, blank lines without end, or read slowly.
    void watch(LoadClock::time_point now) noexcept;

    /// Messages that were not replied to; after run().
    std::uint64_t unanswered() const { return sent_ - taken_; }

    /// Messages that were due before `moment` and not sent; after run().
    std::uint64_t unsent(LoadClock::time_point moment) const;

    LoadCounts counts() const;

    /// The first error of JSON-RPC that was measured; after run().
    const LoadError& first_error() const { return first_error_; }

    const Histogram& latency() const { return latency_; }

  private:
    bool prepare(const Schedule& schedule);
    void take_turns();
    void send_all() noexcept;
    void receive_all() noexcept;
    void send(std::size_t count);
    void receive();
    void take_messages();
    std::string_view next_message();
    LoadClock::time_point end_of_patience(LoadClock::time_point now) const;
    void record(LoadClock::time_point now, const Exchange::Reply& reply, std::size_t size);
    void fail(std::exception_ptr failure) noexcept;
    std::exception_ptr no_reply() const;

    static constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();

    const LoadOptions& options_;
    const TlsContext* const tls_;
    const std::size_t number_;
    Handshake handshake_;

    // Made by the connection's thread with mutex_ held, for stop().
    mutable std::mutex mutex_;
    std::unique_ptr<JsonSocket> socket_;
    std::unique_ptr<Pacer> pacer_;
    bool stopped_ = false;
    std::exception_ptr failure_;  // the first one

    std::unique_ptr<Exchange> exchange_;
    LoadClock::time_point measure_from_;
    std::atomic<std::uint64_t> sent_{0};
    std::atomic<std::uint64_t> answered_{0};
    std::atomic<std::uint64_t> total_{unknown};  // sent in all, once nothing more is

    // Of watch(): what it has seen, and since when.
    std::uint64_t seen_answered_ = 0;
    LoadClock::time_point seen_at_ = LoadClock::now();

    // Written by the receiving thread alone.
    std::uint64_t taken_ = 0;  // replies; answered_ follows
    std::atomic<std::uint64_t> messages_{0};
    std::atomic<std::uint64_t> errors_{0};
    LoadError first_error_;
    std::atomic<std::uint64_t> bytes_sent_{0};
    std::atomic<std::uint64_t> bytes_received_{0};
    Histogram latency_;
};

}  // namespace jsocket::cli
