// SPDX-License-Identifier: Apache-2.0
#include "cli/top_page.hpp"

#include "cli/human_numbers.hpp"
#include "cli/top_table.hpp"

#include <jsocket/json_text.hpp>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace jsocket::cli {
namespace {

using Style = TopLine::Style;

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

TopLine calls(const MethodRow& all, std::size_t columns) {
    return labelled("Calls",
                    human_count(all.calls) + "/s, " + human_count(all.failures) + "/s failed; " +
                        count_of(all.running) + " running; " + count_of(all.all_calls) +
                        " in all, " + count_of(all.all_failures) + " failed",
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
    const bool of_calls = state.table == TopTable::methods && view.now.methods;
    std::vector<TopLine> all{title(view, state, columns),
                             messages(view.rates, columns),
                             latency(view.latency, columns),
                             of_calls ? calls(view.all_methods, columns) : clients(view, columns),
                             failures(view.rates, columns),
                             total(view.now.totals, columns),
                             curve(state, columns)};
    all.resize(std::min(lines, all.size()));
    return all;
}

constexpr const char* client_help[] = {
    "  m  b  f  n     sort by messages, bytes, failures, name",
    "  Tab            show the methods of a JSON-RPC server",
};

constexpr const char* method_help[] = {
    "  c  l  f  n     sort by calls, latency, failures, name",
    "  Tab            show the clients",
};

constexpr const char* common_help[] = {
    "  space          stop and go on",
    "  up, down       scroll by a line",
    "  PgUp, PgDn     by a page; Home, End to the first, the last",
    "  ?              this page",
    "  q              quit",
    "",
};

constexpr const char* client_explanation[] = {
    "IN and OUT are as the server sees it. Latency is the",
    "time from a message to its reply within the server.",
};

constexpr const char* method_explanation[] = {
    "p50, p99 and max are of the calls that have ended since the",
    "look before. A call that is answered with an error has failed,",
    "and so has a notification that ended in one; those of names",
    "that the server does not know are (not bound).",
};

std::vector<TopLine> help(TopTable table, std::size_t columns) {
    std::vector<TopLine> lines;
    const auto add = [&](std::span<const char* const> texts) {
        for (const char* const text : texts) lines.push_back({cut(text, columns)});
    };
    if (table == TopTable::methods) {
        add(method_help);
        add(common_help);
        add(method_explanation);
    } else {
        add(client_help);
        add(common_help);
        add(client_explanation);
    }
    return lines;
}

TopLine status(const TopView& view, const TopState& state, std::size_t columns) {
    if (!state.problem.empty()) return {cut(state.problem, columns), Style::problem};
    const bool methods = state.table == TopTable::methods;
    std::string text = "by ";
    text += methods ? to_string(state.method_order) : to_string(state.order);
    if (methods) {
        text += "  Tab clients";
    } else if (view.now.methods) {
        text += "  Tab methods";
    }
    text += "  ? help  q quit";
    if (!methods && view.now.known > view.rows.size()) {
        text += "  the first " + std::to_string(view.rows.size()) + " of " +
                std::to_string(view.now.known);
    }
    return {cut(text, columns)};
}

template <typename Row>
std::span<const Row> part(const std::vector<Row>& rows, std::size_t first, std::size_t count) {
    first = std::min(first, rows.size());
    return std::span(rows).subspan(first, std::min(count, rows.size() - first));
}

void append(std::vector<TopLine>& lines, std::vector<TopLine> more) {
    std::move(more.begin(), more.end(), std::back_inserter(lines));
}

/// The heading, and as much of the rest as is to be seen; nothing of it behind the help.
std::vector<TopLine> table(const TopView& view, const TopState& state, std::size_t columns,
                           std::size_t rows) {
    if (state.help) rows = 0;
    if (state.table == TopTable::clients) {
        return client_table(part(view.rows, state.scroll, rows), columns);
    }
    auto lines = method_table(part(view.methods, state.scroll, rows), columns);
    if (view.methods.empty() && rows > 0) {
        lines.push_back({cut("The server has no JSON-RPC methods, or does not tell.", columns)});
    }
    return lines;
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

std::size_t top_all_rows(const TopView& view, TopTable table) {
    return table == TopTable::methods ? view.methods.size() : view.rows.size();
}

std::vector<TopLine> top_page(const TopView& view, const TopState& state, TopSize size) {
    std::vector<TopLine> lines = header(view, state, size.columns, header_lines(size));
    const std::size_t rows = top_table_rows(size);
    append(lines, table(view, state, size.columns, rows));
    if (state.help) {
        std::vector<TopLine> texts = help(state.table, size.columns);
        texts.resize(std::min(rows, texts.size()));
        append(lines, std::move(texts));
    }
    // A terminal of a line or two shows what fits.
    lines.resize(size.rows > 0 ? size.rows - 1 : 0);
    if (size.rows > 0) lines.push_back(status(view, state, size.columns));
    return lines;
}

std::vector<TopLine> top_report(const TopView& view, const TopState& state, std::size_t columns) {
    std::vector<TopLine> lines = header(view, state, columns, longest_header - 1);
    lines.push_back({});
    append(lines, client_table(view.rows, columns));
    if (!view.methods.empty()) {
        lines.push_back({});
        append(lines, method_table(view.methods, columns));
    }
    return lines;
}

}  // namespace jsocket::cli
