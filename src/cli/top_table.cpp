// SPDX-License-Identifier: Apache-2.0
#include "cli/top_table.hpp"

#include "cli/human_numbers.hpp"

#include <jsocket/json_text.hpp>

#include <algorithm>
#include <string>

namespace jsocket::cli {
namespace {

using Style = TopLine::Style;

template <typename Row>
struct Column {
    const char* name;
    std::size_t width;
    std::string (*text)(const Row&);
};

constexpr std::size_t widest_name = 60;

/// What the lines of a table have in common.
template <typename Row>
struct Table {
    const char* heading;              // of the names
    std::size_t narrowest_name;       // columns are given up for it
    std::string (*name)(const Row&);  // of a peer, and so anything
    Style (*style)(const Row&);
    std::span<const Column<Row>> columns;  // in the order in which they are given up, last first
};

/// The columns that fit, and how much they leave for names.
template <typename Row>
struct Layout {
    std::span<const Column<Row>> columns;
    std::size_t name;
};

template <typename Row>
Layout<Row> layout(const Table<Row>& table, std::size_t columns) {
    std::size_t name = columns;
    std::size_t count = 0;
    for (const Column<Row>& column : table.columns) {
        if (name < table.narrowest_name + 1 + column.width) break;
        name -= 1 + column.width;
        ++count;
    }
    return {table.columns.first(count), std::min(name, widest_name)};
}

template <typename Row>
std::vector<TopLine> lines(const Table<Row>& table, std::span<const Row> rows,
                           std::size_t columns) {
    const Layout<Row> parts = layout(table, columns);
    std::string heading = left(table.heading, parts.name);
    for (const auto& column : parts.columns) heading += ' ' + right(column.name, column.width);
    std::vector<TopLine> result{{left(heading, columns), Style::heading}};
    for (const Row& row : rows) {
        std::string text = left(printable(table.name(row), 300), parts.name);
        for (const auto& column : parts.columns)
            text += ' ' + right(column.text(row), column.width);
        result.push_back({std::move(text), table.style(row)});
    }
    return result;
}

std::string connected_for(const TopRow& row) {
    return row.client.connected ? human_age(row.client.connected_duration) : "gone";
}

Style style_of(const TopRow& row) {
    if (row.rates.all_failures() > 0) return Style::failing;
    return row.client.connected ? Style::plain : Style::gone;
}

constexpr Column<TopRow> client_columns[] = {
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

constexpr Table<TopRow> clients = {
    "CLIENT", 14, [](const TopRow& row) { return row.client.client_id; }, style_of, client_columns};

std::string latency_of(const MethodRow& row, double share) {
    return row.latency.count > 0 ? human_duration(row.latency.quantile(share)) : "-";
}

constexpr Column<MethodRow> method_columns[] = {
    {"CALLS/s", 7, [](const MethodRow& row) { return human_count(row.calls); }},
    {"FAILED", 7, [](const MethodRow& row) { return count_of(row.all_failures); }},
    {"p50", 8, [](const MethodRow& row) { return latency_of(row, 0.5); }},
    {"p99", 8, [](const MethodRow& row) { return latency_of(row, 0.99); }},
    {"ALL CALLS", 9, [](const MethodRow& row) { return count_of(row.all_calls); }},
    {"RUNNING", 7, [](const MethodRow& row) { return count_of(row.running); }},
    {"FAIL/s", 7, [](const MethodRow& row) { return human_count(row.failures); }},
    {"max", 8, [](const MethodRow& row) { return latency_of(row, 1); }},
};

// Names of methods are long, and their ends tell them apart.
constexpr Table<MethodRow> methods = {
    "METHOD", 24, [](const MethodRow& row) { return row.name.empty() ? "(not bound)" : row.name; },
    [](const MethodRow& row) { return row.failures > 0 ? Style::failing : Style::plain; },
    method_columns};

}  // namespace

std::vector<TopLine> client_table(std::span<const TopRow> rows, std::size_t columns) {
    return lines(clients, rows, columns);
}

std::vector<TopLine> method_table(std::span<const MethodRow> rows, std::size_t columns) {
    return lines(methods, rows, columns);
}

}  // namespace jsocket::cli
