// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/signal_queue.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

/// What the commands that listen until a signal comes have in common.
namespace jsocket::cli {

/// SIGINT, SIGTERM and SIGHUP, which wait to be waited for instead of ending the process. To be
/// made before any thread, as the SignalQueue that it is.
class StopSignals {
  public:
    /// Which of them has come. With `well`, a service manager that watches the process is told
    /// meanwhile that it is, as long as `well` says so.
    int wait(const std::function<bool()>& well = {}) const;

    /// The same for at most `timeout`, and not after `done` is raised; empty if none has come.
    std::optional<int> wait_unless(const Interrupt& done, std::chrono::milliseconds timeout) const;

    /// From now on they end the process. Those that came since the first one are forgotten.
    void restore() const { queue_.restore(); }

  private:
    std::optional<int> wait_until(Deadline deadline, int other) const;

    const SignalQueue queue_{SIGINT, SIGTERM, SIGHUP};  // SIGHUP: the terminal is gone
};

/// What says where clients may connect to: "listening on `endpoint`" or, with `--json`,
/// {"listening":"`endpoint`"}.
std::string ready_line(const std::string& endpoint);

/// Prints that line, and tells the service manager. Throws OutputError: whoever waits for the line
/// would wait for ever.
void announce_ready(const std::string& endpoint);

/// Tells the service manager something, or complains: a server goes on when nobody hears it.
void try_to_notify(const std::function<bool()>& notify);

}  // namespace jsocket::cli
