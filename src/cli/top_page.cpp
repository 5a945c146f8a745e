// SPDX-License-Identifier: Apache-2.0
#include "cli/top_page.hpp"

#include "cli/human_numbers.hpp"

#include <jsocket/json_text.hpp>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace jsocket::cli {
namespace {

using Style = TopLine::Style;

std::uint64_t all_failures(const ClientStats& client) {
    return std::accumulate(client.failures.begin(), client.failures.end(), std::uint64_t{0});
}

std::string count_of(std::uint64_t number) { return human_count(static_cast<double>(number)); }

std::string bytes_of(std::uint64_t number) { return human_bytes(static_cast<double>(number)); }

/// ASCII only, so that a character is a byte.
std::string cut(std::string text, std::size_t columns) {
    if (text.size() <= columns) return text;
    text.resize(columns);
    for (std::size_t i = 0; i < std::min<std::size_t>(3, columns); ++i) text[columns - 1 - i] = '.';
    return text;
}

std::string left(std::string text, std::size_t columns) {
    text = cut(std::move(text), columns);
    return text + std::string(columns - text.size(), ' ');
}

std::string right(const std::string& text, std::size_t columns) {
    return text.size() >= columns ? text : std::string(columns - text.size(), ' ') + text;
}

constexpr std::size_t label_width = 10;

TopLine labelled(const std::string& label, const std::string& text, std::size_t columns) {
    return {cut(left(label, label_width) + text, columns), Style::plain,
            std::min(label_width, columns)};
}

TopLine title(const TopView& view, const TopState& state, std::size_t columns) {
    std::string text = "jsocket top  " + printable(state.server, 80) + "  version " +
                       printable(view.now.version, 20) + "  up " + human_age(view.now.uptime);
    if (view.since_start) text += "  averages since then";
    const std::string mark = state.paused ? " [paused]" : "";
    const std::size_t room = columns > mark.size() ? columns - mark.size() : 0;
    return {cut(left(text, room) + mark, columns), Style::title};
}

TopLine clients(const TopView& view, std::size_t columns) {
    const TopSnapshot& now = view.now;
    return labelled("Clients",
                    count_of(now.connected) + " connected, " + count_of(now.known) + " known; " +
                        count_of(now.totals.connects) + " connections, " + count_of(now.refused) +
                        " refused",
                    columns);
}

TopLine messages(const Rates& rates, std::size_t columns) {
    return labelled("Now",
                    human_count(rates.messages_in) + "/s in (" + human_bytes(rates.bytes_in) +
                        "/s), " + human_count(rates.messages_out) + "/s out (" +
                        human_bytes(rates.bytes_out) + "/s)",
                    columns);
}

TopLine total(const ClientStats& totals, std::size_t columns) {
    return labelled("Total",
                    count_of(totals.messages_in) + " in (" + bytes_of(totals.bytes_in) + "), " +
                        count_of(totals.messages_out) + " out (" + bytes_of(totals.bytes_out) +
                        "), " + count_of(all_failures(totals)) + " failures",
                    columns);
}

TopLine latency(const HistogramSnapshot& latency, std::size_t columns) {
    if (latency.count == 0) return labelled("Latency", "no messages", columns);
    return labelled("Latency",
                    "p50 " + human_duration(latency.quantile(0.5)) + ", p99 " +
                        human_duration(latency.quantile(0.99)) + ", max " +
                        human_duration(latency.longest),
                    columns);
}

TopLine failures(const Rates& rates, std::size_t columns) {
    std::vector<std::pair<double, std::string>> kinds;
    for (std::size_t i = 0; i < failure_count; ++i) {
        if (rates.failures[i] > 0) {
            kinds.emplace_back(rates.failures[i], jsocket::to_string(static_cast<Failure>(i)));
        }
    }
    if (kinds.empty()) return labelled("Failures", "none", columns);
    std::sort(kinds.rbegin(), kinds.rend());
    std::string text = human_count(rates.all_failures()) + "/s:";
    for (const auto& [rate, kind] : kinds) text += ' ' + kind + ' ' + human_count(rate);
    TopLine line = labelled("Failures", text, columns);
    line.style = Style::failing;
    return line;
}

/// The rate of the last minute as a row of bars, the latest one last.
TopLine curve(const TopState& state, std::size_t columns) {
    static constexpr const char* blocks[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                             "\u2585", "\u2586", "\u2587", "\u2588"};
    static constexpr const char* letters[] = {"_", ".", "-", "=", "+", "*", "#", "@"};
    TopLine line = labelled("Rate", "", columns);
    if (state.history.empty()) return line;
    const double highest = *std::max_element(state.history.begin(), state.history.end());
    const std::string most = "  up to " + human_count(highest) + "/s in and out";
    const std::size_t room =
        columns > label_width + most.size() ? columns - label_width - most.size() : 0;
    const std::size_t shown = std::min(room, state.history.size());
    if (shown == 0) return line;
    for (auto rate = state.history.end() - std::ptrdiff_t(shown); rate != state.history.end();
         ++rate) {
        const auto level =
            highest > 0 ? std::min<std::size_t>(7, std::size_t(*rate / highest * 8)) : 0;
        line.text += (state.unicode ? blocks : letters)[level];
    }
    line.text += most;
    return line;
}

/// The most useful first; cut to the number of lines there are for it.
std::vector<TopLine> header(const TopView& view, const TopState& state, std::size_t columns,
                            std::size_t lines) {
    std::vector<TopLine> all{title(view, state, columns),    messages(view.rates, columns),
                             latency(view.latency, columns), clients(view, columns),
                             failures(view.rates, columns),  total(view.now.totals, columns),
                             curve(state, columns)};
    all.resize(std::min(lines, all.size()));
    return all;
}

struct Column {
    const char* name;
    std::size_t width;
    std::string (*text)(const TopRow&);
};

std::string connected_for(const TopRow& row) {
    return row.client.connected ? human_age(row.client.connected_duration) : "gone";
}

/// In the order in which they are given up, the last one first.
const Column table_columns[] = {
    {"IN/s", 7, [](const TopRow& row) { return human_count(row.rates.messages_in); }},
    {"OUT/s", 7, [](const TopRow& row) { return human_count(row.rates.messages_out); }},
    {"FAILED", 7, [](const TopRow& row) { return count_of(all_failures(row.client)); }},
    {"CONNECTED", 10, connected_for},
    {"B IN/s", 9, [](const TopRow& row) { return human_bytes(row.rates.bytes_in); }},
    {"B OUT/s", 9, [](const TopRow& row) { return human_bytes(row.rates.bytes_out); }},
    {"ALL IN", 8, [](const TopRow& row) { return count_of(row.client.messages_in); }},
    {"ALL OUT", 8, [](const TopRow& row) { return count_of(row.client.messages_out); }},
    {"ALL B IN", 9, [](const TopRow& row) { return bytes_of(row.client.bytes_in); }},
    {"ALL B OUT", 10, [](const TopRow& row) { return bytes_of(row.client.bytes_out); }},
};

constexpr std::size_t narrowest_name = 14;
constexpr std::size_t widest_name = 60;

/// The columns that fit, and how much they leave for names.
struct Layout {
    std::vector<Column> columns;
    std::size_t name;
};

Layout layout(std::size_t columns) {
    Layout result{{}, columns};
    for (const Column& column : table_columns) {
        if (result.name < narrowest_name + 1 + column.width) break;
        result.name -= 1 + column.width;
        result.columns.push_back(column);
    }
    result.name = std::min(result.name, widest_name);
    return result;
}

TopLine table_heading(const Layout& layout, std::size_t columns) {
    std::string text = left("CLIENT", layout.name);
    for (const Column& column : layout.columns) text += ' ' + right(column.name, column.width);
    return {left(text, columns), Style::heading};
}

TopLine table_row(const TopRow& row, const Layout& layout) {
    TopLine line{left(printable(row.client.client_id, 300), layout.name)};
    for (const Column& column : layout.columns) {
        line.text += ' ' + right(column.text(row), column.width);
    }
    if (!row.client.connected) line.style = Style::gone;
    if (row.rates.all_failures() > 0) line.style = Style::failing;
    return line;
}

constexpr const char* help_lines[] = {
    "  m  b  f  n     sort by messages, bytes, failures, name",
    "  space          stop and go on",
    "  up, down       scroll by a client",
    "  PgUp, PgDn     by a page; Home, End to the first, the last",
    "  ?              this page",
    "  q              quit",
    "",
    "IN and OUT are as the server sees it. Latency is the",
    "time from a message to its reply within the server.",
};

TopLine status(const TopView& view, const TopState& state, std::size_t columns) {
    if (!state.problem.empty()) return {cut(state.problem, columns), Style::problem};
    std::string text = "by " + std::string(to_string(state.order)) + "  ? help  q quit";
    if (view.now.known > view.rows.size()) {
        text += "  the first " + std::to_string(view.rows.size()) + " of " +
                std::to_string(view.now.known);
    }
    return {cut(text, columns)};
}

constexpr std::size_t longest_header = 7;
constexpr std::size_t shortest_table = 4;

/// Beside the header there are a heading and the status.
std::size_t header_lines(TopSize size) {
    const std::size_t rest = size.rows > 2 + shortest_table ? size.rows - 2 - shortest_table : 1;
    return std::min(rest, longest_header);
}

}  // namespace

std::size_t top_table_rows(TopSize size) {
    const std::size_t others = 2 + header_lines(size);
    return size.rows > others ? size.rows - others : 0;
}

std::vector<TopLine> top_page(const TopView& view, const TopState& state, TopSize size) {
    std::vector<TopLine> lines = header(view, state, size.columns, header_lines(size));
    const Layout columns = layout(size.columns);
    lines.push_back(table_heading(columns, size.columns));
    const std::size_t rows = top_table_rows(size);
    if (state.help) {
        for (std::size_t i = 0; i < std::min(rows, std::size(help_lines)); ++i) {
            lines.push_back({cut(help_lines[i], size.columns)});
        }
    } else {
        const std::size_t last = std::min(state.scroll + rows, view.rows.size());
        for (std::size_t i = std::min(state.scroll, last); i < last; ++i) {
            lines.push_back(table_row(view.rows[i], columns));
        }
    }
    // A terminal of a line or two shows what fits.
    lines.resize(size.rows > 0 ? size.rows - 1 : 0);
    if (size.rows > 0) lines.push_back(status(view, state, size.columns));
    return lines;
}

std::vector<TopLine> top_report(const TopView& view, const TopState& state, std::size_t columns) {
    std::vector<TopLine> lines = header(view, state, columns, longest_header - 1);
    const Layout parts = layout(columns);
    lines.push_back({});
    lines.push_back(table_heading(parts, columns));
    for (const TopRow& row : view.rows) lines.push_back(table_row(row, parts));
    return lines;
}

}  // namespace jsocket::cli
