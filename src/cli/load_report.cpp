// SPDX-License-Identifier: Apache-2.0
#include "cli/load_report.hpp"

#include "cli/human_numbers.hpp"
#include "cli/terminal.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace jsocket::cli {
namespace {

using std::chrono::nanoseconds;

constexpr std::array<std::pair<const char*, double>, 4> quantiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

std::string plural(std::uint64_t count, const std::string& word) {
    return human_exactly(count) + ' ' + word + (count == 1 ? "" : "s");
}

/// Text with colours, or without if nobody wants them.
class Page {
  public:
    explicit Page(ReportStyle style) : style_(style) {}

    void line(std::string_view text = {}) { text_.append(text) += '\n'; }

    void heading(std::string_view text) { line(painted(Look::bold, text)); }

    void value(std::string_view name, const std::string& text) {
        constexpr std::size_t name_width = 12;
        std::string start = "  ";
        start.append(name).resize(name_width, ' ');
        line(start + text);
    }

    /// One that has to be seen.
    void bad_value(std::string_view name, const std::string& text) {
        value(name, painted(Look::red, text));
    }

    std::string painted(Look look, std::string_view text) const {
        if (!style_.colour || text.empty()) return std::string(text);
        return with_look(look, text);
    }

    std::size_t columns() const { return style_.columns; }
    std::string take() { return std::move(text_); }

  private:
    const ReportStyle style_;
    std::string text_;
};

struct Row {
    nanoseconds upper;
    std::uint64_t count = 0;
};

/// Limits that grow by `steps`, tenths of a power of ten, from the one that the shortest duration
/// is below to that of the longest; with how many are up to each.
std::vector<Row> rows(const HistogramSnapshot& latency, std::span<const int> steps) {
    std::vector<Row> result;
    auto bucket = latency.buckets.begin();
    for (std::int64_t unit = 1; bucket != latency.buckets.end(); unit *= 10) {
        for (const int step : steps) {
            Row row{nanoseconds(unit * step)};
            while (bucket != latency.buckets.end() && bucket->upper <= row.upper) {
                row.count += bucket++->count;
            }
            if (row.count > 0 || !result.empty()) result.push_back(row);
            if (bucket == latency.buckets.end()) break;
        }
    }
    return result;
}

/// In the finest steps that make a picture of no more than a few lines.
std::vector<Row> rows(const HistogramSnapshot& latency) {
    constexpr std::size_t enough = 16;
    constexpr std::array fine{10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82};
    constexpr std::array middle{10, 15, 20, 30, 50, 70};
    constexpr std::array coarse{10, 20, 50};
    for (const std::span<const int> steps : {std::span<const int>(fine), {middle}}) {
        std::vector<Row> result = rows(latency, steps);
        if (result.size() <= enough) return result;
    }
    return rows(latency, coarse);
}

/// A round one: "10 us", "1.5 ms".
std::string limit_text(nanoseconds limit) {
    std::string text = human_duration(limit);
    const std::size_t space = text.find(' ');
    if (text.find('.') >= space) return text;
    const std::size_t last = text.find_last_not_of('0', space - 1);
    const std::size_t keep = text[last] == '.' ? last : last + 1;
    return text.erase(keep, space - keep);
}

void draw_histogram(Page& page, const HistogramSnapshot& latency) {
    const std::vector<Row> all = rows(latency);
    std::uint64_t most = 1;
    for (const Row& row : all) most = std::max(most, row.count);
    page.line();
    page.heading("   up to    share  messages");
    for (const Row& row : all) {
        std::array<char, 64> text{};
        const int size = std::snprintf(
            text.data(), text.size(), "%8s  %6.2f%% %9s", limit_text(row.upper).c_str(),
            100 * static_cast<double>(row.count) / static_cast<double>(latency.count),
            human_exactly(row.count).c_str());
        const auto used = static_cast<std::size_t>(size);
        const std::size_t room = page.columns() > used + 2 ? page.columns() - used - 2 : 0;
        const double part = static_cast<double>(row.count) / static_cast<double>(most);
        auto bar = static_cast<std::size_t>(std::lround(part * static_cast<double>(room)));
        if (row.count > 0) bar = std::max<std::size_t>(bar, std::min<std::size_t>(room, 1));
        const std::string drawn = page.painted(Look::cyan, std::string(bar, '#'));
        page.line(std::string(text.data()) + (bar > 0 ? " " : "") + drawn);
    }
}

std::string title(const LoadOptions& options) {
    std::string text =
        to_string(options.server) + ": " + plural(options.connections, "connection") + ", ";
    text += options.open_loop() ? human_rate(options.rate) + " asked for"
                                : "window " + std::to_string(options.window);
    return text + (options.rpc() ? ", JSON-RPC" : "");
}

void print_counts(Page& page, const LoadResult& result) {
    const double time = std::max(result.time.count(), 1e-9);
    const auto bytes = [time](std::uint64_t count) {
        const auto number = static_cast<double>(count);
        return human_bytes(number) + ", " + human_bytes(number / time) + "/s";
    };
    page.value("messages",
               human_exactly(result.counts.messages) + " in " +
                   human_duration(std::chrono::duration_cast<nanoseconds>(result.time)));
    page.value("rate", human_rate(rate_of(result)));
    page.value("sent", bytes(result.counts.bytes_sent));
    page.value("received", bytes(result.counts.bytes_received));
    if (result.counts.errors == 0) {
        page.value("errors", "0");
    } else {
        page.bad_value("errors", human_exactly(result.counts.errors) +
                                     "; the first: " + result.first_error.text);
    }
    if (result.unanswered > 0) page.bad_value("no reply", human_exactly(result.unanswered));
    if (result.unsent > 0) page.bad_value("unsent", human_exactly(result.unsent));
    for (const auto& [kind, count] : result.failures) {
        page.bad_value("failed", plural(count, "connection") + ", " + kind);
    }
}

void print_latency(Page& page, const HistogramSnapshot& latency) {
    page.line();
    page.heading("latency");
    for (const auto& [name, share] : quantiles) {
        page.value(name, human_duration(latency.quantile(share)));
    }
    page.value("max", human_duration(latency.longest));
    page.value("mean", human_duration(latency.mean()));
}

}  // namespace

double rate_of(const LoadResult& result) {
    return static_cast<double>(result.counts.messages) / std::max(result.time.count(), 1e-9);
}

json to_json(const LoadResult& result, const LoadOptions& options) {
    json histogram = json::array();
    for (const auto& bucket : result.latency.buckets) {
        histogram.push_back({seconds(bucket.upper), bucket.count});
    }
    json out = {{"server", to_string(options.server)},
                {"connections", options.connections},
                {"rpc", options.rpc()},
                {"failed_connections", result.failed_connections()},
                {"failures", result.failures},
                {"seconds", result.time.count()},
                {"messages", result.counts.messages},
                {"messages_per_second", rate_of(result)},
                {"errors", result.counts.errors},
                {"unanswered", result.unanswered},
                {"unsent", result.unsent},
                {"bytes_sent", result.counts.bytes_sent},
                {"bytes_received", result.counts.bytes_received},
                {"latency", result.latency},
                {"histogram", std::move(histogram)}};
    if (options.open_loop()) {
        out["rate"] = options.rate;
    } else {
        out["window"] = options.window;
    }
    if (result.counts.errors > 0) out["first_error"] = result.first_error.text;
    if (!result.first_failure.empty()) out["first_failure"] = result.first_failure;
    return out;
}

std::string report(const LoadResult& result, const LoadOptions& options, ReportStyle style) {
    Page page(style);
    page.heading(title(options));
    print_counts(page, result);
    if (result.latency.count > 0) {
        print_latency(page, result.latency);
        draw_histogram(page, result.latency);
    }
    return page.take();
}

}  // namespace jsocket::cli
