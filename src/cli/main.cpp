// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/help_page.hpp"
#include "cli/terminal.hpp"
#include "cli/texts.hpp"

#include <jsocket/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

namespace {

using namespace jsocket::cli;

/// Throws OutputError. CLI11 has codes of its own for every mistake; ours are in terminal.hpp.
ExitCode report(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help or --version
        std::ostringstream page;
        app.exit(error, page, page);
        std::string text = page.str();
        text.pop_back();  // the line break
        print_line(text);
        return success;
    }
    std::string command = "jsocket";
    for (const CLI::App* chosen : app.get_subcommands()) command += ' ' + chosen->get_name();
    complain_of("usage", std::string(error.what()) + "; see `" + command + " --help`");
    return usage;
}

/// Looked for by hand, because what is wrong with the command line is to be JSON, too.
bool asks_for_json(int argc, char** argv) {
    const auto is = [](std::string_view word) {
        return [word](const char* argument) { return argument == word; };
    };
    char** const end = std::find_if(argv, argv + argc, is("--"));
    return std::any_of(argv, end, is(json_option));
}

std::string footer() {
    std::string text = "`jsocket COMMAND --help` explains a command.\n\nExit codes:";
    for (const Explained& code : exit_codes) {
        text += "\n  " + std::string(code.name) + "  " + std::string(code.meaning);
    }
    return text;
}

ExitCode run(int argc, char** argv) {
    CLI::App app("JSON messages over sockets", "jsocket");
    app.set_help_flag("-h,--help", "Print this page");
    app.set_version_flag("--version", "jsocket " JSOCKET_VERSION, "Print the version");
    app.require_subcommand(0, 1);
    app.formatter(std::make_shared<HelpPage>());  // before the commands, which inherit both
    app.footer(footer());
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
    if (json_lines()) {
        complain_of("usage", "there is no command; see `jsocket --help`");
    } else {
        std::cerr << app.help();
    }
    return usage;
}

}  // namespace

int main(int argc, char** argv) {
    prepare_standard_streams();
    if (asks_for_json(argc, argv)) use_json_lines();
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        return complain_of(error);
    }
}
