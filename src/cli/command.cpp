// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

#include "cli/bench_command.hpp"
#include "cli/call_command.hpp"
#include "cli/completion_command.hpp"
#include "cli/connect_command.hpp"
#include "cli/contexts_command.hpp"
#include "cli/listen_command.hpp"
#include "cli/manual_command.hpp"
#include "cli/proxy_command.hpp"
#include "cli/replay_command.hpp"
#include "cli/send_command.hpp"
#include "cli/serve_command.hpp"
#include "cli/top_command.hpp"

#include <CLI/CLI.hpp>

namespace jsocket::cli {

Command::Command(CLI::App& app, const char* name, const char* description)
    : command_(app.add_subcommand(name, description)) {
    command_->group("Commands");
}

void Command::add_option(const char* name, std::string& value, const char* type,
                         const char* description) {
    command_->add_option(name, value, description)->type_name(type)->capture_default_str();
}

bool Command::given(const char* option) const { return command_->count(option) > 0; }

bool Command::chosen() const { return command_->parsed(); }

void add_json_option(CLI::App& command, const char* meaning) {
    if (command.get_option_no_throw(json_option) != nullptr) return;
    // CLI11 2.1 takes other kinds of text for the variable of the flag.
    const std::string description = meaning;
    command.add_flag(std::string(json_option), description)->disable_flag_override();
}

std::vector<std::unique_ptr<Command>> make_commands(CLI::App& app) {
    std::vector<std::unique_ptr<Command>> commands;
    commands.push_back(std::make_unique<ServeCommand>(app));
    commands.push_back(std::make_unique<SendCommand>(app));
    commands.push_back(std::make_unique<CallCommand>(app));
    commands.push_back(std::make_unique<ConnectCommand>(app));
    commands.push_back(std::make_unique<ListenCommand>(app));
    commands.push_back(std::make_unique<BenchCommand>(app));
    commands.push_back(std::make_unique<TopCommand>(app));
    commands.push_back(std::make_unique<ProxyCommand>(app));
    commands.push_back(std::make_unique<ReplayCommand>(app));
    commands.push_back(std::make_unique<ContextsCommand>(app));
    commands.push_back(std::make_unique<CompletionCommand>(app));
    commands.push_back(std::make_unique<ManualCommand>(app));
    constexpr const char* meaning = "Write diagnostics as JSON lines, too";
    add_json_option(app, meaning);
    for (CLI::App* command : app.get_subcommands({})) add_json_option(*command, meaning);
    return commands;
}

}  // namespace jsocket::cli
