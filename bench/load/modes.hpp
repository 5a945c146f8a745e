// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/connection.hpp"
#include "load/measure.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::bench {

struct LoadOptions {
    Target target;
    Plan plan;
    std::size_t window = 64;
    std::size_t clients = 1;
    std::size_t idle = 0;
};

/// The names that run_mode() knows.
std::vector<std::string> mode_names();

/// Loads a server as `mode` says:
///
///     pingpong  one client that waits for each reply; takes the time of each message
///     pipeline  one client that has `window` messages on their way at any time
///     clients   `clients` of them in ping-pong, served by one thread
///     connect   `clients` threads, each of which connects, has one message echoed, and leaves
///     idle      `idle` connections that do nothing, and one client in ping-pong
///
/// Throws std::invalid_argument if there is no such mode.
Result run_mode(std::string_view mode, LoadOptions options);

Result run_pipeline(const LoadOptions& options);
Result run_clients(const LoadOptions& options);
Result run_connect(const LoadOptions& options);

}  // namespace jsocket::bench
