// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/top_model.hpp"
#include "cli/wake.hpp"
#include "support/mutex.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/json.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace jsocket::cli {

/// Asks a server for its statistics: once, or again and again on a thread of its own.
///
/// Threads: every member may be called from any thread, ask() and start() before all others.
class TopSource {
  public:
    /// What has happened since the last time.
    struct News {
        std::optional<TopSnapshot> snapshot = {};
        bool first = false;           // of a connection: what was before does not count
        std::string problem = {};     // why there is no snapshot
        std::exception_ptr end = {};  // why there will be none any more
    };

    /// The first connection is made as `options` say; `recv_timeout` is for each answer. Throws
    /// UsageError for wrong options. `interval`: from one request to the next.
    TopSource(const ClientOptions& options, std::chrono::milliseconds interval);
    ~TopSource();
    TopSource(const TopSource&) = delete;
    TopSource& operator=(const TopSource&) = delete;

    /// Connects, tries once, and returns the result of rpc.stats. Throws ConnectError, and Error if
    /// the server does not answer what was asked, with what it takes.
    json ask();

    /// From now on there are news. Connects again, as often as it takes.
    void start();

    /// Empty if there are none.
    std::optional<News> news();

    /// Readable when there are news.
    int fd() const { return wake_.fd(); }

    /// Which clients the server is to choose if it has many; from the next request on.
    void choose(TopOrder order) { order_ = order; }

  private:
    void run();
    void ask_until_failure(bool& first);
    std::shared_ptr<JsonClient> reconnect();
    std::shared_ptr<JsonClient> client() const;
    void tell(News news);
    bool pause_until(std::chrono::steady_clock::time_point time) const;

    const ClientOptions options_;
    const std::chrono::milliseconds interval_;
    Wake wake_;
    std::atomic<TopOrder> order_{TopOrder::messages};
    Interrupt stop_;

    mutable Mutex mutex_;
    std::shared_ptr<JsonClient> client_ JSOCKET_GUARDED_BY(mutex_);
    std::optional<News> news_ JSOCKET_GUARDED_BY(mutex_);

    std::thread thread_;
};

}  // namespace jsocket::cli
