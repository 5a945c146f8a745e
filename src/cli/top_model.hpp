// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/histogram.hpp>
#include <jsocket/json.hpp>
#include <jsocket/rpc/method_stats.hpp>
#include <jsocket/server/stats.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What `jsocket top` shows, as values: no socket and no terminal.
namespace jsocket::cli {

/// What a server has answered to rpc.stats; docs/top.md says what the members mean.
struct TopSnapshot {
    std::string version;
    std::string endpoint;
    double uptime = 0;
    std::uint64_t connected = 0;
    std::uint64_t refused = 0;
    std::uint64_t known = 0;
    ClientStats totals;
    std::map<std::string, ClientStats> clients;  // some of those that are known, or all
    HistogramSnapshot latency;
    std::optional<rpc::MethodStatsMap> methods;  // of a JSON-RPC server
};

/// Of at most 1,000 clients and 10,000 methods, the first by name. Throws ProtocolError if `result`
/// is not what rpc.stats returns.
TopSnapshot to_snapshot(const json& result);

/// By what the clients are sorted, and chosen by the server if there are too many for it.
enum class TopOrder { messages, bytes, failures, name };

/// As rpc.stats calls it: "messages", "bytes", "failures" or "name".
std::string_view to_string(TopOrder order);

/// By what the methods are sorted: how often they were called, how long the slowest calls took, how
/// many failed.
enum class MethodOrder { calls, latency, failures, name };

/// "calls", "latency", "failures" or "name".
std::string_view to_string(MethodOrder order);

/// How much was counted per second.
struct Rates {
    double messages_in = 0;
    double messages_out = 0;
    double bytes_in = 0;
    double bytes_out = 0;
    std::array<double, failure_count> failures{};

    double messages() const { return messages_in + messages_out; }
    double bytes() const { return bytes_in + bytes_out; }
    double all_failures() const;
};

struct TopRow {
    ClientStats client;
    Rates rates;
};

struct MethodRow {
    std::string name;  // empty: all that is not bound
    std::uint64_t all_calls = 0;
    std::uint64_t all_failures = 0;
    std::uint64_t running = 0;
    double calls = 0;           // per second
    double failures = 0;        // per second
    HistogramSnapshot latency;  // of nothing, too, if the server has not told before, or now
};

/// What to show.
struct TopView {
    bool since_start = false;  // are the rates averages since the server's start?
    TopSnapshot now;
    Rates rates;
    HistogramSnapshot latency;
    std::vector<TopRow> rows;
    std::vector<MethodRow> methods;
    MethodRow all_methods;  // together, but for their latency
};

/// What happened from one snapshot to the next; without `before`, since the server's start. Of a
/// client that was not among those of `before` it is shown only if it must have come since.
TopView compare(const std::optional<TopSnapshot>& before, TopSnapshot now);

/// The busiest first, then those that are connected, then those that did most.
void sort(std::vector<TopRow>& rows, TopOrder order);

/// The busiest first, then those that are running, then those that were called most.
void sort(std::vector<MethodRow>& rows, MethodOrder order);

/// Of all kinds.
std::uint64_t all_failures(const ClientStats& client);

}  // namespace jsocket::cli
