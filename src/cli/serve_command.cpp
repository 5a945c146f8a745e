// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_command.hpp"

#include "cli/option_values.hpp"
#include "cli/service.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/server/server_factory.hpp>

#include <CLI/CLI.hpp>

#include <limits>

namespace jsocket::cli {

namespace {

/// On one line. A client's address may be a path of any bytes, which JSON cannot carry unchanged.
std::string as_text(const ServerStats& stats) {
    return json(stats).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

ServeCommand::ServeCommand(CLI::App& app)
    : command_(app.add_subcommand("serve", "Run a server until SIGINT or SIGTERM")) {
    const ServerOptions defaults;
    bind_ = to_string(Endpoint{defaults.address, default_port});
    framing_ = to_string(defaults.framing);
    max_message_size_ = std::to_string(defaults.limits.max_message_size);
    recv_timeout_ = std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(defaults.recv_timeout).count());
    spin_ = std::to_string(defaults.spin.count());
    max_connections_ = std::to_string(defaults.max_connections);

    const auto add_option = [this](const char* name, std::string& value, const char* type,
                                   const char* description) {
        command_->add_option(name, value, description)->type_name(type)->capture_default_str();
    };
    command_->group("Commands");
    command_->add_flag("--echo", echo_, "Answer every message with itself (required)")
        ->disable_flag_override();
    add_option("--hook", hook_, "NAME",
               "How: `payload` sends the text back as it came,\n"
               "`message` what a JSON tree makes of it");
    add_option("--bind", bind_, "ADDRESS",
               "HOST:PORT, with port 0 for a free one, or\n"
               "unix:PATH");
    add_option("--framing", framing_, "NAME", "prefix, crc, lines, or auto to find out");
    add_option("--max-message-size", max_message_size_, "BYTES", "The longest message");
    add_option("--recv-timeout", recv_timeout_, "SECONDS", "How long a message may stall");
    add_option("--spin", spin_, "MICROSECONDS",
               "How long to look for a quick client's next\n"
               "message before sleeping; 0 never");
    add_option("--max-connections", max_connections_, "N", "More clients than that are refused");
    command_->add_flag("--stats", stats_, "Print statistics as JSON at the end")
        ->disable_flag_override();
    command_->footer(
        "When it is ready it prints one line, `listening on HOST:PORT` or\n"
        "`listening on unix:PATH`.\n\n"
        "Examples:\n"
        "  jsocket serve --echo\n"
        "  jsocket serve --echo --bind unix:/run/echo --framing lines --stats");
}

bool ServeCommand::chosen() const { return command_->parsed(); }

Hook ServeCommand::hook() const {
    if (hook_ == "payload") return Hook::payload;
    if (hook_ == "message") return Hook::message;
    throw UsageError("--hook: expected payload or message, not \"" + hook_ + '"');
}

ServerOptions ServeCommand::server_options() const {
    ServerOptions options;
    const Endpoint endpoint = option_value("--bind", bind_, parse_endpoint);
    options.address = endpoint.address;
    options.port = endpoint.port;
    options.framing = option_value("--framing", framing_, parse_server_framing);
    const bool automatic = options.framing == Framing::automatic;
    options.limits.max_message_size =
        option_value("--max-message-size", max_message_size_, parse_count, 1U,
                     automatic ? largest_automatic_message : largest_message);
    options.recv_timeout = option_value("--recv-timeout", recv_timeout_, parse_seconds);
    options.spin =
        std::chrono::microseconds(option_value("--spin", spin_, parse_count, 0U, 1'000'000U));
    options.max_connections = option_value("--max-connections", max_connections_, parse_count, 1U,
                                           std::numeric_limits<std::uint32_t>::max());
    return options;
}

void ServeCommand::run() {
    if (!echo_) throw UsageError("serve has nothing to do; give it --echo");
    const ServerOptions options = server_options();
    const StopSignals signals;
    try {
        ServerFactory<Echo> server(options, hook(), options.limits);
        server.start();
        print_ready(server.endpoint());
        signals.wait();
        server.stop();
        server.join();
        // Statistics may be long, and a reader slow: let a second signal end that wait.
        signals.restore();
        if (stats_) try_to_print(as_text(server.client_stats()));
    } catch (const ConnectError& error) {
        throw Error("--bind: " + std::string(error.what()));
    }
}

}  // namespace jsocket::cli
