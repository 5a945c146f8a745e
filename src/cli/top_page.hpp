// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/top_line.hpp"
#include "cli/top_model.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

/// What `jsocket top` shows, as lines of text: no terminal.
namespace jsocket::cli {

struct TopSize {
    std::size_t rows;
    std::size_t columns;
};

/// Of what there is a line for each.
enum class TopTable { clients, methods };

/// What the person in front of it has chosen, and what happened so far.
struct TopState {
    std::string server;  // as it was given
    TopTable table = TopTable::clients;
    TopOrder order = TopOrder::messages;
    MethodOrder method_order = MethodOrder::calls;
    bool paused = false;
    bool help = false;
    std::size_t scroll = 0;      // rows above the first one shown
    std::string problem;         // why there are no news; empty if there are
    std::deque<double> history;  // messages per second, the oldest first
    bool unicode = false;        // can it show a curve?
};

/// How many of the latest rates are worth remembering.
inline constexpr std::size_t top_history = 60;

/// As many lines as there are rows, and none wider than there are columns.
std::vector<TopLine> top_page(const TopView& view, const TopState& state, TopSize size);

/// The header, all clients and all methods, for a file; none wider than `columns`.
std::vector<TopLine> top_report(const TopView& view, const TopState& state, std::size_t columns);

/// How many rows of a table top_page() shows at a time.
std::size_t top_table_rows(TopSize size);

/// How many rows there are.
std::size_t top_all_rows(const TopView& view, TopTable table);

}  // namespace jsocket::cli
