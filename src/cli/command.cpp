// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

#include "cli/proxy_command.hpp"
#include "cli/replay_command.hpp"
#include "cli/send_command.hpp"
#include "cli/serve_command.hpp"

#include <CLI/CLI.hpp>

namespace jsocket::cli {

Command::Command(CLI::App& app, const char* name, const char* description)
    : command_(app.add_subcommand(name, description)) {
    command_->group("Commands");
}

bool Command::chosen() const { return command_->parsed(); }

std::vector<std::unique_ptr<Command>> make_commands(CLI::App& app) {
    std::vector<std::unique_ptr<Command>> commands;
    commands.push_back(std::make_unique<ServeCommand>(app));
    commands.push_back(std::make_unique<SendCommand>(app));
    commands.push_back(std::make_unique<ProxyCommand>(app));
    commands.push_back(std::make_unique<ReplayCommand>(app));
    return commands;
}

}  // namespace jsocket::cli
