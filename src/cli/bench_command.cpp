// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_command.hpp"

#include "cli/human_numbers.hpp"
#include "cli/json_members.hpp"
#include "cli/load.hpp"
#include "cli/load_report.hpp"
#include "cli/option_values.hpp"
#include "cli/progress_bar.hpp"
#include "cli/script_lines.hpp"
#include "cli/service.hpp"
#include "cli/terminal.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace jsocket::cli {

namespace {

constexpr std::uint64_t most_connections = 10'000;
constexpr std::uint64_t largest_window = 100'000;
constexpr std::uint64_t most_requests = 1'000'000'000'000;

/// A message of so many bytes.
std::string message_of(std::size_t size) {
    const std::string start = R"({"data":")";
    const std::string end = R"("})";
    return start + std::string(size - start.size() - end.size(), 'x') + end;
}

constexpr std::size_t smallest_message = 11;  // {"data":""}

RepeatedRequest parse_request(std::string_view text) {
    return RepeatedRequest(parse_message(text));
}

/// What `parse` makes of each line.
template <typename Parse>
auto lines_of_input(Parse parse) {
    std::vector<std::invoke_result_t<Parse, std::string_view>> messages;
    ScriptLines lines;
    for (std::size_t number = 1; const auto line = lines.read(); ++number) {
        if (blank(*line)) continue;
        messages.push_back(option_value("line " + std::to_string(number), *line, parse));
    }
    if (messages.empty()) throw UsageError("JSON: standard input has no message");
    return messages;
}

/// What `parse` makes of the argument, or of standard input.
template <typename Parse>
auto messages_of(const std::string& argument, Parse parse) {
    if (argument == "-") return lines_of_input(parse);
    return std::vector{option_value("JSON", argument, parse)};
}

void require_size(std::size_t size) {
    const std::size_t largest = Limits{}.max_message_size;
    if (size > largest) throw MessageTooLarge(size, largest);
}

/// Shows how far the load is until it is done, or a signal stops it.
void watch(Load& load, const StopSignals& signals) {
    using std::chrono::milliseconds;
    const ProgressBar bar;
    const milliseconds interval = bar.visible() ? milliseconds(100) : no_timeout;
    LoadClock::time_point before = LoadClock::now();
    std::uint64_t answered = 0;
    while (!load.done().raised()) {
        if (signals.wait_unless(load.done(), interval)) {
            signals.restore();  // another one ends the process
            load.stop();
            return;
        }
        if (!bar.visible()) continue;
        const LoadProgress progress = load.progress();
        const LoadClock::time_point now = LoadClock::now();
        const std::chrono::duration<double> passed = now - before;
        const double rate = static_cast<double>(progress.answered - answered) / passed.count();
        before = now;
        answered = progress.answered;
        bar.draw(progress.share, progress.connecting
                                     ? "connecting"
                                     : std::to_string(static_cast<int>(progress.share * 100)) +
                                           " %  " + human_rate(rate));
    }
}

/// What may be behind replies that do not come.
const char* hint(const LoadResult& result, const LoadOptions& options) {
    if (!result.failures.contains("timeout") ||
        std::none_of(options.messages.begin(), options.messages.end(), is_notification)) {
        return "";
    }
    return "; a request of JSON-RPC without an id has no reply: --rpc gives each one";
}

}  // namespace

BenchCommand::BenchCommand(CLI::App& app)
    : Command(app, "bench", "Load a server, and measure how it does") {
    command_
        ->add_flag("--rpc", rpc_,
                   "The messages are calls of JSON-RPC: send each with\n"
                   "an id of its own, and take replies in any order")
        ->disable_flag_override();
    add_option("--size", size_, "BYTES", "Without JSON: of a message that is made");
    add_option("--connections", connections_, "N", "How many at a time");
    add_option("--window", window_, "N", "Messages on their way on each connection");
    add_option("--rate", rate_, "N",
               "Instead: so many messages per second in all,\n"
               "when they are due, replies or not");
    add_option("--duration", duration_, "SECONDS", "How long to measure");
    add_option("--requests", requests_, "N", "Instead: how many messages to measure");
    add_option("--warmup", warmup_, "SECONDS", "How long to send before measuring");
    client_.add_to(*command_, "For connecting, and then for each reply");
    command_
        ->add_option("JSON", message_,
                     "The message; - sends each line of standard input\n"
                     "in turn")
        ->type_name("");
    add_json_option(*command_,
                    "Print one line of JSON instead of a table, and\n"
                    "write diagnostics as JSON lines, too");
    command_->footer(
        "The server has to answer each message, in order: the n-th message that comes\n"
        "back counts as the reply to the n-th that was sent. With --rpc a reply\n"
        "belongs to the call that has its id, and the server's own notifications and\n"
        "requests are passed over. With --rate latency is counted from the moment at\n"
        "which a message was due, so that a server that stalls shows in full; otherwise\n"
        "from when it was sent. Replies that are errors of JSON-RPC are counted, and\n"
        "change nothing else.\n\n"
        "SIGINT ends it early. The exit code is 1 if a connection failed.\n\n"
        "Examples:\n"
        "  jsocket bench 127.0.0.1:5489\n"
        "  jsocket bench @staging --rate 2000 --duration 60 '{\"add\": 5}'\n"
        "  jsocket bench @staging --rpc --window 16 \\\n"
        "    '{\"jsonrpc\": \"2.0\", \"method\": \"sum\", \"params\": [1, 2]}'\n"
        "  jsocket bench unix:/run/echo --window 64 --requests 1000000 - < messages");
}

void BenchCommand::refuse_both(const char* one, const char* other) const {
    if (!given(one) || !given(other)) return;
    throw UsageError(std::string(one) + " and " + other +
                     " exclude each other; leave one of them out");
}

LoadOptions BenchCommand::options() {
    refuse_both("JSON", "--size");
    refuse_both("--rate", "--window");
    refuse_both("--requests", "--duration");
    LoadOptions options;
    ClientOptions client = client_.options();
    options.server = {client.address, client.port};
    options.tls = std::move(client.tls);
    options.framing = client.framing;
    options.timeout = client_.timeout();
    options.connections =
        option_value("--connections", connections_, parse_count, 1U, most_connections);
    options.window = option_value("--window", window_, parse_count, 1U, largest_window);
    if (given("--rate")) options.rate = option_value("--rate", rate_, parse_rate);
    set_extent(options);
    if (rpc_) {
        options.calls = calls();
    } else {
        options.messages = messages();
    }
    return options;
}

void BenchCommand::set_extent(LoadOptions& options) const {
    if (given("--warmup")) options.warmup = option_value("--warmup", warmup_, parse_seconds);
    if (given("--requests")) {
        options.requests = option_value("--requests", requests_, parse_count, 1U, most_requests);
    } else {
        options.duration = option_value("--duration", duration_, parse_seconds);
    }
}

std::vector<std::string> BenchCommand::messages() const {
    if (!given("JSON")) {
        return {message_of(option_value("--size", size_, parse_count, smallest_message,
                                        Limits{}.max_message_size))};
    }
    auto messages = messages_of(message_, parse_message);
    for (const std::string& message : messages) require_size(message.size());
    return messages;
}

std::vector<RepeatedRequest> BenchCommand::calls() const {
    if (!given("JSON")) {
        throw UsageError(R"(--rpc: JSON is missing, such as '{"jsonrpc":"2.0","method":"name"}')");
    }
    auto calls = messages_of(message_, parse_request);
    for (const RepeatedRequest& call : calls) {
        require_size(call.size(std::numeric_limits<std::uint64_t>::max()));
    }
    return calls;
}

void BenchCommand::run() {
    const LoadOptions load_options = options();
    const StopSignals signals;
    LoadResult result;
    try {
        Load load(load_options);
        load.start();
        watch(load, signals);
        result = load.finish();
    } catch (const UsageError& error) {
        throw UsageError(with_option_names(error.what()));
    }
    const std::size_t failed = result.failed_connections();
    if (json_lines()) {
        print_line(line_of(to_json(result, load_options)));
    } else if (failed < load_options.connections || result.counts.messages > 0) {
        const ReportStyle style{.columns = columns(STDOUT_FILENO),
                                .colour = colours(STDOUT_FILENO)};
        std::string text = report(result, load_options, style);
        text.pop_back();
        print_line(text);
    }
    if (failed == 0) return;
    complain_of(result.first_failure_kind,
                std::to_string(failed) + " of " + std::to_string(load_options.connections) +
                    " connections failed; the first: " + result.first_failure +
                    hint(result, load_options));
    throw AlreadyReported();
}

}  // namespace jsocket::cli
