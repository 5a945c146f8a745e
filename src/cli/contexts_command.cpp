// SPDX-License-Identifier: Apache-2.0
#include "cli/contexts_command.hpp"

#include "cli/client_arguments.hpp"
#include "cli/json_members.hpp"
#include "cli/terminal.hpp"

#include <jsocket/json.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace jsocket::cli {

namespace {

json value_of(const Context::Setting& setting) {
    if (setting.text == "true") return true;
    if (setting.key == "timeout") return std::strtod(setting.text.c_str(), nullptr);
    return setting.text;
}

/// Requires that check() has passed them.
std::string as_json(const Configuration& configuration) {
    json contexts = json::object();
    for (const Context& context : configuration.contexts) {
        json& settings = contexts[context.name];
        for (const Context::Setting& setting : context.settings) {
            settings[setting.key] = value_of(setting);
        }
    }
    return line_of(contexts);
}

/// Throws UsageError for what no command could use.
void check(const Context& context, const Configuration& configuration) {
    CLI::App command;
    ClientArguments client;
    client.add_to(command, "");
    client.options_of(context, configuration);
}

}  // namespace

ContextsCommand::ContextsCommand(CLI::App& app)
    : Command(app, "contexts", "List the servers that have names") {
    add_json_option(*command_,
                    "Print all settings, as one line of JSON; and\n"
                    "write diagnostics as JSON lines, too");
    command_->footer(
        "Each line has a name and an address, with --json also everything else. They\n"
        "are in the file $JSOCKET_CONFIG, or else jsocket/config.toml in\n"
        "$XDG_CONFIG_HOME or ~/.config, like this:\n\n"
        "  [contexts.production]\n"
        "  server = \"db1.example.org:5489\"\n"
        "  framing = \"crc\"\n"
        "  timeout = 2.5\n"
        "  tls = true\n"
        "  tls-ca = \"ca.pem\"\n\n"
        "A command that gets @production as its SERVER takes the options that it was\n"
        "not given from there. Relative paths begin at the folder of the file. A file\n"
        "that others can write to is refused.\n\n"
        "Examples:\n"
        "  jsocket contexts\n"
        "  jsocket contexts --json\n"
        "  jsocket send @production '{\"echo\": \"hello\"}'");
}

void ContextsCommand::run() {
    const Configuration configuration = read_contexts();
    for (const Context& context : configuration.contexts) check(context, configuration);
    if (json_lines()) return print_line(as_json(configuration));
    std::size_t width = 0;
    for (const Context& context : configuration.contexts) {
        width = std::max(width, context.name.size());
    }
    for (const Context& context : configuration.contexts) {
        const std::string gap(width - context.name.size() + 2, ' ');
        print_line(context.name + gap + context.settings.front().text);
    }
}

}  // namespace jsocket::cli
