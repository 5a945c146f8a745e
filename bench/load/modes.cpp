// SPDX-License-Identifier: Apache-2.0
#include "load/modes.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace jsocket::bench {

namespace {

Result run_pingpong(const LoadOptions& options) {
    Connection connection(options.target);
    return measure(options.plan, [&] {
        connection.round_trip();
        return std::size_t{1};
    });
}

Result run_idle(const LoadOptions& options) {
    constexpr int enough_to_warm_up = 100;
    Connection active(options.target);
    for (int i = 0; i < enough_to_warm_up; ++i) active.round_trip();
    const std::size_t before = options.plan.servers.memory();
    std::vector<Connection> idle;
    idle.reserve(options.idle);
    while (idle.size() < options.idle) idle.emplace_back(options.target);
    const std::size_t after = options.plan.servers.memory();
    Result result = measure(options.plan, [&] {
        active.round_trip();
        return std::size_t{1};
    });
    if (!options.plan.servers.empty() && options.idle > 0) {
        result.kib_per_connection = (static_cast<double>(after) - static_cast<double>(before)) /
                                    static_cast<double>(options.idle);
    }
    return result;
}

struct Entry {
    std::string_view name;
    Result (*run)(const LoadOptions&);
    bool keep_durations;
};

constexpr std::array<Entry, 5> modes{{
    {"pingpong", run_pingpong, true},
    {"pipeline", run_pipeline, false},
    {"clients", run_clients, false},
    {"connect", run_connect, false},
    {"idle", run_idle, true},
}};

}  // namespace

std::vector<std::string> mode_names() {
    std::vector<std::string> names;
    for (const Entry& entry : modes) names.emplace_back(entry.name);
    return names;
}

Result run_mode(std::string_view mode, LoadOptions options) {
    for (const Entry& entry : modes) {
        if (entry.name != mode) continue;
        options.plan.keep_durations = entry.keep_durations;
        return entry.run(options);
    }
    throw std::invalid_argument("no mode \"" + std::string(mode) + '"');
}

}  // namespace jsocket::bench
