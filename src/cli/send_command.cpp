// SPDX-License-Identifier: Apache-2.0
#include "cli/send_command.hpp"

#include "cli/option_values.hpp"
#include "cli/rpc_text.hpp"
#include "cli/script_lines.hpp"
#include "cli/terminal.hpp"
#include "cli/watchdog.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <CLI/CLI.hpp>

namespace jsocket::cli {

SendCommand::SendCommand(CLI::App& app)
    : Command(app, "send", "Send a message and print the reply") {
    client_.add_to(*command_, "For each message, connecting included");
    command_->add_option("JSON", message_, "The message; - sends each line of standard input")
        ->required()
        ->type_name("");
    command_->footer(
        "The reply is printed as one line of JSON; members keep their order and\n"
        "numbers their digits.\n\n"
        "Examples:\n"
        "  jsocket send 127.0.0.1:5489 '{\"echo\": \"hello\"}'\n"
        "  jsocket send @production --timeout 0.5 -1\n"
        "  jsocket send unix:/run/echo --framing lines - < messages");
}

void SendCommand::run() {
    ClientOptions options = client_.options();
    // The watchdog's deadline holds for all of these.
    options.recv_timeout = options.send_timeout = options.message_deadline = no_timeout;
    JsonClient client = make_client(options);

    if (message_ == "-") return exchange_lines(client);
    print_line(exchange(client, option_value("JSON", message_, parse_message)));
}

/// Sends a message and returns the reply, connecting first if need be; all within the time-out.
std::string SendCommand::exchange(JsonClient& client, const std::string& message) const {
    const Deadline deadline = deadline_after(client_.timeout());
    if (!client.connected()) client.connect();
    const Watchdog watchdog(client, deadline);
    try {
        client.send_payload(message);
        std::string reply = compact(client.read_payload());
        client_.require_in_time(deadline);
        return reply;
    } catch (const ProtocolError& error) {
        throw ProtocolError("the reply from " + client_.server() + ": " + error.what());
    } catch (const Error&) {
        if (!watchdog.expired()) throw;
        const char* const hint =
            is_notification(message) ? "; a request of JSON-RPC without an id has no reply" : "";
        throw TimeoutError(client_.timed_out("reply from") + hint);
    }
}

void SendCommand::exchange_lines(JsonClient& client) const {
    ScriptLines lines;
    for (std::size_t number = 1; const auto line = lines.read(); ++number) {
        if (blank(*line)) continue;
        const std::string where = "line " + std::to_string(number);
        const std::string message = option_value(where, *line, parse_message);
        try {
            print_line(exchange(client, message));
        } catch (const UsageError& error) {  // too large
            throw UsageError(where + ": " + error.what());
        }
    }
}

}  // namespace jsocket::cli
