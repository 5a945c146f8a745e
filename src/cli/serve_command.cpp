// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_command.hpp"

#include "cli/json_members.hpp"
#include "cli/option_values.hpp"
#include "cli/service.hpp"
#include "cli/terminal.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/server/server_factory.hpp>
#include <jsocket/server/service_manager.hpp>

#include <CLI/CLI.hpp>

#include <limits>

namespace jsocket::cli {

namespace {

/// One that cannot go on with new certificates goes on with the old ones.
void reload_tls(Server& server) {
    try_to_notify(notify_reloading);
    try {
        server.reload_tls();
        complain("SIGHUP: the certificates were read again, for new connections");
    } catch (const Error& error) {
        complain("SIGHUP: the certificates stay as they were: " + with_option_names(error.what()));
    }
    try_to_notify([] { return notify_ready(); });
}

}  // namespace

ServeCommand::ServeCommand(CLI::App& app)
    : Command(app, "serve", "Run a server until SIGINT or SIGTERM") {
    const ServerOptions defaults;
    spin_ = std::to_string(defaults.spin.count());

    command_->add_flag("--echo", echo_, "Answer every message with itself (required)")
        ->disable_flag_override();
    add_option("--hook", hook_, "payload|message",
               "How: `payload` sends the text back as it came,\n"
               "`message` what a JSON tree makes of it");
    command_->add_flag("--stats", stats_, "Print statistics as JSON at the end")
        ->disable_flag_override();
    command_
        ->add_flag("--answer-stats", answer_stats_,
                   "Let `jsocket top`, and every other client, see\nstatistics, names and "
                   "addresses of all clients")
        ->disable_flag_override();
    server_.add_to(*command_);
    add_limits();
    add_option("--spin", spin_, "MICROSECONDS",
               "How long to look for a quick client's next\n"
               "message before sleeping; 0 never");
    add_server_json(*command_);
    command_->footer(
        "When it is ready it prints one line, `listening on HOST:PORT` or\n"
        "`listening on unix:PATH`. SIGHUP has it read the files of --tls-certificate\n"
        "and the like again; without them it ends the server. It tells systemd when it\n"
        "is ready, reads files again and stops, and that it is alive if WatchdogSec= is\n"
        "set.\n\n"
        "Examples:\n"
        "  jsocket serve --echo\n"
        "  jsocket serve --echo --bind unix:/run/echo --framing lines --stats\n"
        "  systemd-socket-activate -l 5489 jsocket serve --echo --bind systemd:");
}

void ServeCommand::add_limits() {
    const ServerOptions defaults;
    max_message_size_ = std::to_string(defaults.limits.max_message_size);
    recv_timeout_ = std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(defaults.recv_timeout).count());
    max_connections_ = std::to_string(defaults.max_connections);

    add_option("--max-message-size", max_message_size_, "BYTES", "The longest message");
    add_option("--recv-timeout", recv_timeout_, "SECONDS", "How long a message may stall");
    add_option("--idle-timeout", idle_timeout_, "SECONDS",
               "Disconnect clients that say nothing for so long");
    add_option("--max-connections", max_connections_, "N", "More clients than that are refused");
    add_option("--max-connections-per-peer", max_connections_per_peer_, "N",
               "And more than that of one IP address");
    command_
        ->add_option("--allow-uid", allowed_uids_,
                     "Refuse all users but this one, and others that\n"
                     "it is given for; with unix:PATH, whose\n"
                     "--unix-mode has to let them in, too")
        ->type_name("UID")
        ->allow_extra_args(false);
    command_
        ->add_flag("--allow-overflow-uid", allow_overflow_uid_,
                   "Let --allow-uid have the number of all users that\n"
                   "have none in this user namespace, such as 65534")
        ->disable_flag_override();
    add_option("--unix-mode", unix_mode_, "MODE",
               "Permissions of the file of unix:PATH; 666 for\nall users");
}

Hook ServeCommand::hook() const {
    if (hook_ == "payload") return Hook::payload;
    if (hook_ == "message") return Hook::message;
    throw UsageError("--hook: expected payload or message, not \"" + hook_ + '"');
}

ServerOptions ServeCommand::server_options() const {
    ServerOptions options = server_.options();
    const Endpoint endpoint{options.address, options.port};
    options.spin =
        std::chrono::microseconds(option_value("--spin", spin_, parse_count, 0U, 1'000'000U));
    set_limits(options);
    options.unix_mode = option_value("--unix-mode", unix_mode_, parse_mode);
    options.allowed_uids = allowed_uids(endpoint.unix_path() || endpoint.systemd_name());
    options.allow_overflow_uid = allow_overflow_uid_;
    options.answer_stats = answer_stats_;
    return options;
}

void ServeCommand::set_limits(ServerOptions& options) const {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    const bool automatic = options.framing == Framing::automatic;
    options.limits.max_message_size =
        option_value("--max-message-size", max_message_size_, parse_count, 1U,
                     automatic ? largest_automatic_message : largest_message);
    options.recv_timeout = option_value("--recv-timeout", recv_timeout_, parse_seconds);
    if (given("--idle-timeout")) {
        options.idle_timeout = option_value("--idle-timeout", idle_timeout_, parse_seconds);
    }
    options.max_connections =
        option_value("--max-connections", max_connections_, parse_count, 1U, most);
    if (given("--max-connections-per-peer")) {
        options.max_connections_per_peer = option_value(
            "--max-connections-per-peer", max_connections_per_peer_, parse_count, 1U, most);
    }
}

std::vector<uid_t> ServeCommand::allowed_uids(bool may_know_users) const {
    std::vector<uid_t> uids;
    for (const std::string& text : allowed_uids_) {
        // The largest number means "no user" to the system.
        constexpr uid_t most = std::numeric_limits<uid_t>::max() - 1;
        uids.push_back(
            static_cast<uid_t>(option_value("--allow-uid", text, parse_count, 0U, most)));
    }
    if (!uids.empty() && !may_know_users) {
        throw UsageError("--allow-uid needs --bind unix:PATH; over TCP nobody knows the user");
    }
    return uids;
}

void ServeCommand::run() {
    if (!echo_) throw UsageError("serve has nothing to do; give it --echo");
    const ServerOptions options = server_options();
    try {
        ServerFactory<Echo> server(options, hook(), options.limits);
        // Not before files have been read, which may take for ever; and before there is a thread.
        const StopSignals signals;
        server.start();
        announce_ready(server.endpoint());
        const auto well = [&server] { return server.running(); };
        while (signals.wait(well) == SIGHUP && options.tls) reload_tls(server);
        try_to_notify(notify_stopping);
        server.stop();
        server.join();
        // Statistics may be long, and a reader slow: let a second signal end that wait.
        signals.restore();
        if (stats_) print_line(line_of(server.client_stats()));
    } catch (const ConnectError& error) {
        throw Error("--bind: " + std::string(error.what()));
    } catch (const UsageError& error) {
        throw UsageError(with_option_names(error.what()));
    }
}

}  // namespace jsocket::cli
