// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/load_connection.hpp"
#include "cli/load_options.hpp"

#include <jsocket/histogram.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace jsocket::cli {

struct LoadResult {
    std::chrono::duration<double> time{};  ///< for which it was measured, up to the last reply
    LoadCounts counts;
    HistogramSnapshot latency;
    std::uint64_t unanswered = 0;                 ///< messages that were sent, and never replied to
    std::uint64_t unsent = 0;                     ///< messages that were due, and never sent
    std::map<std::string, std::size_t> failures;  ///< connections that failed, by kind
    std::string first_failure;
    std::string_view first_failure_kind;  ///< see kind_of()
    LoadError first_error;

    std::size_t failed_connections() const;
};

struct LoadProgress {
    bool connecting = true;
    double share = 0;            ///< of the whole, from 0 to 1
    std::uint64_t answered = 0;  ///< messages
};

/// Loads a server by means of several connections, each with a thread of its own, or two.
///
///     Load load(options);
///     load.start();
///     ...                          // wait for load.done()
///     LoadResult result = load.finish();
///
/// A connection that fails stays away; the others go on. All begin at the same time, when the last
/// one has connected or failed to.
class Load {
  public:
    /// Throws UsageError if a file of the TLS options is not in order.
    explicit Load(LoadOptions options);
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Throws Error if there are not enough threads.
    void start();

    /// Ends it early, without waiting for replies.
    void stop() noexcept;

    /// Raised when every connection has ended.
    const Interrupt& done() const { return done_; }

    LoadProgress progress() const;

    /// Waits until every connection has ended.
    LoadResult finish();

  private:
    void run(LoadConnection& connection) noexcept;
    bool connect(LoadConnection& connection) noexcept;
    void begin();
    void count_failure(const std::exception& error) noexcept;
    void watch() noexcept;
    void join();

    const LoadOptions options_;
    std::optional<TlsContext> tls_;
    std::vector<std::unique_ptr<LoadConnection>> connections_;
    std::vector<std::thread> threads_;
    std::thread watcher_;

    Interrupt cancel_;
    Interrupt done_;
    std::latch connected_;
    std::once_flag begun_;
    Schedule schedule_;  // fixed once begun_
    std::atomic<bool> running_{false};
    std::atomic<std::size_t> left_;
    LoadClock::time_point ended_;

    std::mutex mutex_;  // of the failures
    std::map<std::string, std::size_t> failures_;
    std::string first_failure_;
    std::string_view first_failure_kind_;
};

}  // namespace jsocket::cli
