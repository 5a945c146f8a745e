// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_command.hpp"

#include "cli/option_values.hpp"
#include "cli/server_arguments.hpp"
#include "cli/service.hpp"
#include "cli/terminal.hpp"
#include "testing/replay_server.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <cerrno>
#include <fstream>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

namespace jsocket::cli {

namespace {

std::vector<testing::RecordedConnection> recording(const std::string& path) {
    std::ifstream file(path);
    // A folder can be opened, but not be read.
    if (!file || file.peek() == std::ifstream::traits_type::eof()) {
        const std::string reason =
            file.eof() ? "it is empty" : std::generic_category().message(errno);
        throw UsageError("cannot replay " + path + ": " + reason);
    }
    try {
        auto connections = testing::read_recording(file);
        if (connections.empty()) throw UsageError("no connection is recorded");
        return connections;
    } catch (const UsageError& error) {
        throw UsageError(path + ": " + error.what());
    }
}

}  // namespace

ReplayCommand::ReplayCommand(CLI::App& app)
    : Command(app, "replay", "Play a recording of `proxy` back as a server") {
    command_->add_option("FILE", file_, "What `jsocket proxy --record` has written")
        ->required()
        ->type_name("");
    add_bind(*command_, "--bind", bind_);
    add_option("--max-connections", max_connections_, "N", "More clients than that are refused");
    add_server_json(*command_);
    command_->footer(
        "The first client is to send what the first recorded one sent, compared as\n"
        "JSON values, and gets what the server sent then, as soon as it is its turn;\n"
        "so the second, and so on. A client that does something else is told of on\n"
        "standard error and disconnected, and the exit code will be 1; so it will if\n"
        "clients or messages are missing at the end.\n\n"
        "When it is ready it prints one line, `listening on HOST:PORT` or\n"
        "`listening on unix:PATH`; it runs until SIGINT or SIGTERM.\n\n"
        "Examples:\n"
        "  jsocket replay talk.jsonl\n"
        "  jsocket replay talk.jsonl --bind unix:/run/echo");
}

void ReplayCommand::run() {
    const Endpoint endpoint = option_value("--bind", bind_, parse_address);
    const std::size_t max_connections =
        option_value("--max-connections", max_connections_, parse_count, 1U,
                     std::numeric_limits<std::uint32_t>::max());
    std::vector<testing::RecordedConnection> connections = recording(file_);
    const StopSignals signals;
    try {
        testing::ReplayServer server(std::move(connections), endpoint, max_connections, complain);
        announce_ready(to_string(server.endpoint()));
        signals.wait();
        if (!server.stop()) throw Error("the clients did not do what " + file_ + " records");
    } catch (const ConnectError& error) {
        throw Error("--bind: " + std::string(error.what()));
    }
}

}  // namespace jsocket::cli
