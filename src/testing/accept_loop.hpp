// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/thread.hpp"
#include "support/worker_pool.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/socket/listener.hpp>

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

    /// `serve` must not throw, and return soon after stopping() is raised. `complain` gets what
    /// went wrong, and may be empty. Throws as Listener does.
    AcceptLoop(const Endpoint& endpoint, Serve serve, Complain complain);
    ~AcceptLoop();
    AcceptLoop(const AcceptLoop&) = delete;
    AcceptLoop& operator=(const AcceptLoop&) = delete;

    /// What `serve` uses must be there.
    void start();

    /// Ends accepting and waits for those that serve.
    void stop();

    const Interrupt& stopping() const { return stopping_; }
    const Endpoint& endpoint() const { return endpoint_; }

  private:
    void run();
    void back_off(const char* problem) noexcept;
    void hand_over(std::unique_ptr<Stream> stream);
    void complain(const std::string& problem) const;

    const Serve serve_;
    const Complain complain_;
    Interrupt stopping_;
    Listener listener_;
    const Endpoint endpoint_;
    WorkerPool pool_;                // the accepting thread's
    std::uint64_t connections_ = 0;  // the accepting thread's
    std::mutex joining_;
    std::optional<Thread> thread_;
};

}  // namespace jsocket::testing
