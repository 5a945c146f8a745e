// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/client/json_client.hpp>
#include <jsocket/deadline.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <atomic>
#include <chrono>
#include <poll.h>
#include <thread>

namespace jsocket::cli {

/// Closes a client at a deadline, whatever it is doing then, unless destroyed first. The client's
/// own time-outs start anew with every byte; this one is for all of them together.
class Watchdog {
  public:
    Watchdog(JsonClient& client, Deadline deadline)
        : thread_([this, &client, deadline] {
              pollfd done{done_.fd(), POLLIN, 0};
              while (!done_.raised() && std::chrono::steady_clock::now() < deadline) {
                  poll(&done, 1, poll_timeout(deadline));
              }
              if (done_.raised()) return;
              expired_ = true;
              client.close();
          }) {}

    ~Watchdog() {
        done_.raise();
        thread_.join();
    }

    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    bool expired() const { return expired_; }

  private:
    Interrupt done_;
    std::atomic<bool> expired_{false};
    std::thread thread_;  // last, so that it finds the others alive
};

}  // namespace jsocket::cli
