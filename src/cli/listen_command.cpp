// SPDX-License-Identifier: Apache-2.0
#include "cli/listen_command.hpp"

#include "cli/mock.hpp"
#include "cli/option_values.hpp"
#include "cli/service.hpp"
#include "cli/terminal.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/server_factory.hpp>
#include <jsocket/server/service_manager.hpp>

#include <CLI/CLI.hpp>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace jsocket::cli {

namespace {

std::string text_of(std::string_view path) {
    std::ifstream file{std::string(path)};
    if (file) file.peek();  // a folder can be opened, but not be read
    if (file.bad() || (file.fail() && !file.eof())) {
        throw UsageError(std::string(path) + ": " + std::generic_category().message(errno));
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

json checked_reply(std::string_view text) {
    try {
        json reply = parse(text);
        check_reply(reply);
        return reply;
    } catch (const PayloadError& error) {
        throw UsageError(error.what());
    }
}

}  // namespace

ListenCommand::ListenCommand(CLI::App& app)
    : Command(app, "listen", "Print what clients send, and reply by rules") {
    const auto add_option = [this](const char* name, std::string& value, const char* type,
                                   const char* description) {
        command_->add_option(name, value, description)->type_name(type)->capture_default_str();
    };
    add_option("--rules", rules_, "FILE", "Which messages to reply to, and what");
    add_option("--default", otherwise_, "JSON", "The reply to messages that no rule is for");
    add_option("--count", count_, "N", "End after N messages");
    server_.add_to(*command_);
    add_json_option(*command_,
                    "Print events as JSON objects: connect,\n"
                    "message and disconnect; and write diagnostics\n"
                    "as JSON lines, too");
    command_->footer(
        "When it is ready it prints one line, `listening on HOST:PORT` or\n"
        "`listening on unix:PATH`; then each message is one line of JSON. It runs until\n"
        "SIGINT or SIGTERM.\n\n"
        "FILE is a JSON array of rules, or has one rule a line. The first whose `when`\n"
        "has no member that a message has not replies to it. In `reply` a string\n"
        "\"${/NAME}\" stands for that member of the message. `times` says how often a\n"
        "rule may be used, and `close` ends the connection:\n"
        "  {\"when\": {\"method\": \"add\"}, \"reply\": {\"id\": \"${/id}\", \"result\": 3}}\n"
        "  {\"when\": {\"method\": \"quit\"}, \"times\": 1, \"close\": true}\n\n"
        "Examples:\n"
        "  jsocket listen\n"
        "  jsocket listen --bind 127.0.0.1:0 --rules mock.json --json\n"
        "  jsocket listen --default '{\"id\": \"${/id}\", \"result\": null}'");
}

void ListenCommand::run() {
    const ServerOptions options = server_.options();
    const bool counted = command_->count("--count") > 0;
    MessageLog log(json_lines(), counted ? option_value("--count", count_, parse_count, 1U,
                                                        MessageLog::unlimited - 1)
                                         : MessageLog::unlimited);
    std::optional<ReplyRules> rules;
    if (command_->count("--rules") > 0) {
        const std::string text = option_value("--rules", rules_, text_of);
        try {
            rules.emplace(text);
        } catch (const UsageError& error) {
            throw UsageError("--rules: " + rules_ + ": " + error.what());
        }
    }
    Complaints failures(complain);
    Complaints without_rule(complain);
    MockSettings settings{.log = log,
                          .failures = failures,
                          .without_rule = without_rule,
                          .rules = rules ? &*rules : nullptr,
                          .limits = options.limits};
    if (command_->count("--default") > 0) {
        settings.otherwise = option_value("--default", otherwise_, checked_reply);
    }
    serve(options, settings);
    failures.finish();
    without_rule.finish();
    log.check();
}

void ListenCommand::serve(const ServerOptions& options, const MockSettings& settings) const {
    try {
        ServerFactory<Mock> server(options, &settings);
        const StopSignals signals;
        print_line(ready_line(server.endpoint()));
        try_to_notify([&server] { return notify_ready("listening on " + server.endpoint()); });
        server.start();
        signals.wait_unless(settings.log.done(), no_timeout);
        server.stop();
        // Nobody may be reading what is printed: let a second signal end that wait.
        signals.restore();
        server.join();
    } catch (const ConnectError& error) {
        throw Error("--bind: " + std::string(error.what()));
    } catch (const UsageError& error) {
        throw UsageError(with_option_names(error.what()));
    }
}

}  // namespace jsocket::cli
