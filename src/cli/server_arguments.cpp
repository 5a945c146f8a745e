// SPDX-License-Identifier: Apache-2.0
#include "cli/server_arguments.hpp"

#include "cli/command.hpp"
#include "cli/option_values.hpp"

#include <jsocket/endpoint.hpp>

#include <CLI/CLI.hpp>

namespace jsocket::cli {

void add_bind(CLI::App& command, const char* name, std::string& value) {
    command
        .add_option(name, value,
                    "HOST:PORT, with port 0 for a free one,\n"
                    "unix:PATH, or systemd:NAME for a socket that\n"
                    "systemd passes on, without NAME for the only\n"
                    "one")
        ->type_name("ADDRESS")
        ->capture_default_str();
}

void add_server_framing(CLI::App& command, std::string& value) {
    command.add_option("--framing", value, "How messages are laid out; auto finds out")
        ->type_name("auto|prefix|crc|lines")
        ->capture_default_str();
}

void add_server_json(CLI::App& command) {
    add_json_option(command, "Write diagnostics, and where it listens, as JSON\nlines, too");
}

ServerArguments::ServerArguments() {
    const ServerOptions defaults;
    bind_ = to_string(Endpoint{defaults.address, default_port});
    framing_ = to_string(defaults.framing);
}

void ServerArguments::add_to(CLI::App& command) {
    add_bind(command, "--bind", bind_);
    add_server_framing(command, framing_);
    tls_.add_to(command);
}

ServerOptions ServerArguments::options() const {
    ServerOptions options;
    const Endpoint endpoint = option_value("--bind", bind_, parse_address);
    options.address = endpoint.address;
    options.port = endpoint.port;
    options.framing = option_value("--framing", framing_, parse_server_framing);
    options.tls = tls_.options();
    return options;
}

}  // namespace jsocket::cli
