// SPDX-License-Identifier: Apache-2.0
#include "core/make_object.hpp"

#include <jsocket/rpc/method_stats.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <limits>
#include <locale>
#include <sstream>
#include <string_view>

namespace jsocket::rpc {
namespace {

struct Bound {
    std::chrono::nanoseconds upper;
    const char* seconds;
};

// From what an immediate method takes to what nobody waits for.
constexpr std::array<Bound, 16> bounds = {{
    {std::chrono::microseconds(5), "5e-06"},
    {std::chrono::microseconds(10), "1e-05"},
    {std::chrono::microseconds(25), "2.5e-05"},
    {std::chrono::microseconds(50), "5e-05"},
    {std::chrono::microseconds(100), "0.0001"},
    {std::chrono::microseconds(250), "0.00025"},
    {std::chrono::microseconds(500), "0.0005"},
    {std::chrono::milliseconds(1), "0.001"},
    {std::chrono::microseconds(2500), "0.0025"},
    {std::chrono::milliseconds(5), "0.005"},
    {std::chrono::milliseconds(10), "0.01"},
    {std::chrono::milliseconds(50), "0.05"},
    {std::chrono::milliseconds(100), "0.1"},
    {std::chrono::milliseconds(500), "0.5"},
    {std::chrono::seconds(1), "1"},
    {std::chrono::seconds(10), "10"},
}};

/// A label's value, with what the format wants escaped.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result;
}

using Value = std::function<std::uint64_t(const MethodStats&)>;

void write_family(std::ostream& out, const MethodStatsMap& stats, std::string_view name,
                  std::string_view type, std::string_view help, const Value& value) {
    out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
    for (const auto& [method, counts] : stats) {
        out << name << "{method=\"" << escaped(method) << "\"} " << value(counts) << '\n';
    }
}

void write_histogram(std::ostream& out, std::string_view name, const std::string& label,
                     const HistogramSnapshot& latency) {
    std::uint64_t seen = 0;
    auto bucket = latency.buckets.begin();
    for (const Bound& bound : bounds) {
        while (bucket != latency.buckets.end() && bucket->upper <= bound.upper) {
            seen += bucket++->count;
        }
        out << name << "_bucket{" << label << ",le=\"" << bound.seconds << "\"} " << seen << '\n';
    }
    out << name << "_bucket{" << label << ",le=\"+Inf\"} " << latency.count << '\n'
        << name << "_sum{" << label << "} " << std::chrono::duration<double>(latency.sum).count()
        << '\n'
        << name << "_count{" << label << "} " << latency.count << '\n';
}

}  // namespace

void to_json(json& out, const MethodStats& stats) {
    out = make_object("calls", stats.calls, "errors", stats.errors, "in_flight", stats.in_flight,
                      "latency", stats.latency);
}

std::string to_prometheus(const MethodStatsMap& stats) {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    // Else a sum would seem to stand still once it has six digits.
    out.precision(std::numeric_limits<double>::max_digits10);
    write_family(out, stats, "jsocket_rpc_calls_total", "counter", "Calls that have ended.",
                 [](const MethodStats& counts) { return counts.calls; });
    write_family(out, stats, "jsocket_rpc_errors_total", "counter",
                 "Calls and notifications that have failed.",
                 [](const MethodStats& counts) { return counts.errors; });
    write_family(out, stats, "jsocket_rpc_calls_in_flight", "gauge", "Calls that run now.",
                 [](const MethodStats& counts) { return counts.in_flight; });
    constexpr std::string_view duration = "jsocket_rpc_call_duration_seconds";
    out << "# HELP " << duration << " How long calls took.\n# TYPE " << duration << " histogram\n";
    for (const auto& [method, counts] : stats) {
        write_histogram(out, duration, "method=\"" + escaped(method) + '"', counts.latency);
    }
    return out.str();
}

}  // namespace jsocket::rpc
