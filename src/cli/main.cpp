// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/help_page.hpp"
#include "cli/terminal.hpp"

#include <jsocket/error.hpp>
#include <jsocket/version.hpp>

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace {

using namespace jsocket::cli;

/// CLI11 has codes of its own for every mistake; ours are in terminal.hpp.
ExitCode report(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help or --version
        app.exit(error);
        return success;
    }
    std::string command = "jsocket";
    for (const CLI::App* chosen : app.get_subcommands()) command += ' ' + chosen->get_name();
    complain(std::string(error.what()) + "; see `" + command + " --help`");
    return usage;
}

ExitCode run(int argc, char** argv) {
    CLI::App app("JSON messages over sockets", "jsocket");
    app.set_help_flag("-h,--help", "Print this page");
    app.set_version_flag("--version", "jsocket " JSOCKET_VERSION, "Print the version");
    app.require_subcommand(0, 1);
    app.formatter(std::make_shared<HelpPage>());  // before the commands, which inherit both
    app.footer(
        "`jsocket COMMAND --help` explains a command.\n\n"
        "Exit codes: 0 success; 1 the peer, the network or this machine failed;\n"
        "2 wrong usage.");
    const auto commands = make_commands(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return report(app, error);
    }
    for (const auto& command : commands) {
        if (!command->chosen()) continue;
        command->run();
        return success;
    }
    std::cerr << app.help();
    return usage;
}

}  // namespace

int main(int argc, char** argv) {
    prepare_standard_streams();
    try {
        return run(argc, argv);
    } catch (const jsocket::UsageError& error) {
        complain(error.what());
        return usage;
    } catch (const std::exception& error) {
        complain(error.what());
        return failed;
    }
}
