// SPDX-License-Identifier: Apache-2.0
#include "cli/top_command.hpp"

#include "cli/option_values.hpp"
#include "cli/terminal.hpp"
#include "cli/top_page.hpp"
#include "cli/top_source.hpp"
#include "cli/top_watch.hpp"

#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <unistd.h>

namespace jsocket::cli {
namespace {

// Of a report, which may go to a file: as wide as all there is to say of a client with a short
// name.
constexpr std::size_t report_columns = 120;

/// Asking more often would be load, not looking on.
std::chrono::milliseconds parse_interval(std::string_view text) {
    const std::chrono::milliseconds interval = parse_seconds(text);
    if (interval < std::chrono::milliseconds(100)) throw UsageError("expected 0.1 or more");
    return interval;
}

std::unique_ptr<TopSource> new_source(const ClientOptions& options,
                                      std::chrono::milliseconds interval) {
    try {
        return std::make_unique<TopSource>(options, interval);
    } catch (const UsageError& error) {
        throw UsageError(with_option_names(error.what()));
    }
}

void print_report(const TopSnapshot& snapshot, const std::string& server) {
    TopView view = compare(std::nullopt, snapshot);
    sort(view.rows, TopOrder::messages);
    sort(view.methods, MethodOrder::calls);
    TopState state;
    state.server = server;
    std::string text;
    for (const TopLine& line : top_report(view, state, report_columns)) {
        // Without the blanks that fill a line.
        text += line.text.substr(0, line.text.find_last_not_of(' ') + 1) + '\n';
    }
    text.pop_back();
    print_line(text);
}

}  // namespace

TopCommand::TopCommand(CLI::App& app)
    : Command(app, "top", "Show what a server's clients do, as it happens") {
    command_->add_option("--interval", interval_, "From one look to the next")
        ->type_name("SECONDS")
        ->capture_default_str();
    command_->add_flag("--once", once_, "Print tables and end")->disable_flag_override();
    client_.add_to(*command_, "For connecting, and then for each reply");
    add_json_option(*command_,
                    "With --once: print what the server has answered,\n"
                    "as one line of JSON; and write diagnostics as\n"
                    "JSON lines, too");
    command_->footer(
        "The server has to allow it: `jsocket serve --answer-stats`, or\n"
        "ServerOptions::answer_stats in a program.\n\n"
        "Keys: m, b, f and n sort by messages, bytes, failures and name; Tab shows a\n"
        "JSON-RPC server's methods, which c, l, f and n sort by calls, latency,\n"
        "failures and name; space stops and goes on; arrows and PgUp, PgDn scroll;\n"
        "? explains; q quits.\n\n"
        "Examples:\n"
        "  jsocket top 127.0.0.1:5489\n"
        "  jsocket top unix:/run/echo --interval 5\n"
        "  jsocket top @production --once --json");
}

void TopCommand::run() {
    const auto interval = option_value("--interval", interval_, parse_interval);
    if (json_lines() && !once_) throw UsageError("--json needs --once");
    if (!once_ && (!is_terminal(STDIN_FILENO) || !is_terminal(STDOUT_FILENO))) {
        throw UsageError("top needs a terminal; without one give it --once");
    }
    ClientOptions options = client_.options();
    options.recv_timeout = client_.timeout();
    // The deadline of each answer holds for these.
    options.send_timeout = options.message_deadline = no_timeout;
    const std::unique_ptr<TopSource> source = new_source(options, interval);
    const json result = source->ask();
    if (json_lines()) {
        std::string text;
        serialize(result, text);
        return print_line(text);
    }
    if (once_) return print_report(to_snapshot(result), client_.server());
    TopWatch(*source, to_snapshot(result), client_.server()).run();
}

}  // namespace jsocket::cli
