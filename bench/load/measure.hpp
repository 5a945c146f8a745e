// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/process.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace jsocket::bench {

/// How long to measure, and what to look at meanwhile.
struct Plan {
    std::chrono::duration<double> time{1.0};
    Processes servers{{}};
    /// Whether each step is one message, whose duration matters.
    bool keep_durations = false;
};

struct Result {
    std::chrono::duration<double> time{};
    std::uint64_t messages = 0;
    std::chrono::duration<double> load_cpu{};
    std::optional<std::chrono::duration<double>> server_cpu;
    std::vector<std::chrono::nanoseconds> durations;
    /// In idle mode.
    std::optional<double> kib_per_connection;

    /// One line of JSON.
    std::string to_json() const;
};

/// Calls `step`, which returns how many messages it has brought to an end: for a quarter of the
/// planned time to warm up, then for all of it. It goes on until there are three messages, however
/// short the time is.
Result measure(const Plan& plan, const std::function<std::size_t()>& step);

/// The duration that a share `part` of `durations`, which are not empty, stays within.
std::chrono::nanoseconds percentile(std::vector<std::chrono::nanoseconds> durations, double part);

}  // namespace jsocket::bench
