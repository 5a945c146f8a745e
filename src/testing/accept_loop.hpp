// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/complaints.hpp"
#include "support/thread.hpp"
#include "support/worker_pool.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/socket/listener.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace jsocket::testing {

/// Listens, and has each connection served on a thread of its own.
///
/// Threads:  stop() may be called from any thread but those that serve.
class AcceptLoop {
  public:
    /// `number`: 1 is the first connection that was accepted.
    using Serve = std::function<void(std::uint64_t number, std::unique_ptr<Stream>)>;
    using Complain = std::function<void(const std::string&)>;

    /// `serve` must not throw, and return soon after stopping() is raised. Connections beyond
    /// `max_connections` at a time are closed and counted. `complain` gets what went wrong, one
    /// line a second of a kind, and may be empty. Throws UsageError, and as Listener does.
    AcceptLoop(const Endpoint& endpoint, std::size_t max_connections, Serve serve,
               Complain complain);
    ~AcceptLoop();
    AcceptLoop(const AcceptLoop&) = delete;
    AcceptLoop& operator=(const AcceptLoop&) = delete;

    /// What `serve` uses must be there.
    void start();

    /// Ends accepting and waits for those that serve.
    void stop();

    const Interrupt& stopping() const { return stopping_; }
    const Endpoint& endpoint() const { return endpoint_; }
    std::uint64_t refused() const { return refused_; }

  private:
    void run();
    void back_off(const char* problem) noexcept;
    void hand_over(std::unique_ptr<Stream> stream);
    std::shared_ptr<void> count_open();
    void refuse() noexcept;

    const Serve serve_;
    const std::size_t max_connections_;
    Complaints failures_;
    Complaints refusals_;
    Interrupt stopping_;
    Listener listener_;
    const Endpoint endpoint_;
    WorkerPool pool_;                // the accepting thread's
    std::uint64_t connections_ = 0;  // the accepting thread's
    std::atomic<std::size_t> open_{0};
    std::atomic<std::uint64_t> refused_{0};
    std::mutex joining_;
    std::optional<Thread> thread_;
};

}  // namespace jsocket::testing
