// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"
#include "cli/help_page.hpp"
#include "cli/terminal.hpp"
#include "cli/texts.hpp"

#include <jsocket/json_text.hpp>
#include <jsocket/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace jsocket::cli;

/// How many letters have to be added, left out or changed to make one word of the other.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < one.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < other.size(); ++j) {
            const std::size_t changed = diagonal + (one[i] == other[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string no_command(const CLI::App& app, const std::string& word) {
    constexpr std::size_t far = 3;
    std::size_t nearest = far;
    std::string hint;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        const std::size_t its = distance(word, command->get_name());
        if (its >= nearest) continue;
        nearest = its;
        hint = ", but " + command->get_name() + " is";
    }
    return '"' + jsocket::printable(word) + "\" is no command" + hint;
}

/// What is wrong with the command line. CLI11 names extra arguments backwards.
std::string message_of(const CLI::App& app, const CLI::ParseError& error) {
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return error.what();
    const std::vector<std::string> extra = app.remaining(true);
    const bool option = extra.front().starts_with('-');
    if (app.get_subcommands().empty() && !option) return no_command(app, extra.front());
    return "not expected: " + CLI::detail::join(extra, " ");
}

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
    complain_of("usage", message_of(app, error) + "; see `" + command + " --help`");
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
