// SPDX-License-Identifier: Apache-2.0
#include "cli/manual_command.hpp"

#include "cli/manual.hpp"

#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <system_error>

namespace jsocket::cli {

namespace {

void write(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::trunc);
    file << text;
    file.close();
    if (!file) throw Error("cannot write " + path + ": " + std::generic_category().message(errno));
}

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

}  // namespace

ManualCommand::ManualCommand(CLI::App& app)
    : Command(app, "manual", "Write the manual pages into a folder") {
    command_->add_option("FOLDER", folder_, "Where to; it has to be there")
        ->required()
        ->type_name("");
    command_->add_option("--date", date_, "The one that pages show, if not today's")
        ->type_name("YEAR-MONTH-DAY");
    command_->footer(
        "Packages install these pages where man(1) finds them. Without a package:\n\n"
        "Examples:\n"
        "  mkdir -p ~/.local/share/man/man1\n"
        "  jsocket manual ~/.local/share/man/man1\n"
        "  man jsocket-send");
}

void ManualCommand::run() {
    const std::string date = date_.empty() ? today() : date_;
    for (const auto& [name, text] : manual_pages(describe(*command_->get_parent()), date)) {
        write(folder_ + '/' + name, text);
    }
}

}  // namespace jsocket::cli
