// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <sys/types.h>
#include <vector>

namespace jsocket::bench {

/// CPU time that this process has taken.
std::chrono::nanoseconds own_cpu_time();

/// Processes that are looked at from outside: a server, with those that help it.
class Processes {
  public:
    explicit Processes(std::vector<pid_t> pids) : pids_(std::move(pids)) {}

    bool empty() const { return pids_.empty(); }

    /// CPU time of all their threads, those that have ended among them.
    std::chrono::nanoseconds cpu_time() const;

    /// KiB of memory that is resident, page tables included.
    std::size_t memory() const;

  private:
    std::vector<pid_t> pids_;
};

}  // namespace jsocket::bench
