// SPDX-License-Identifier: Apache-2.0
#include "cli/manual_command.hpp"

#include "cli/manual.hpp"

#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <cerrno>
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

}  // namespace

ManualCommand::ManualCommand(CLI::App& app)
    : Command(app, "manual", "Write the manual pages into a folder") {
    command_->group("");
    command_->add_option("FOLDER", folder_, "Where to")->required()->type_name("");
    command_->add_option("--date", date_, "What the pages show")->required()->type_name("DATE");
}

void ManualCommand::run() {
    for (const auto& [name, text] : manual_pages(describe(*command_->get_parent()), date_)) {
        write(folder_ + '/' + name, text);
    }
}

}  // namespace jsocket::cli
