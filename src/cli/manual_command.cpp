// SPDX-License-Identifier: Apache-2.0
#include "cli/manual_command.hpp"

#include "cli/manual.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

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

constexpr const char* date_format = "%Y-%m-%d";

std::string text_of(const std::tm& date) {
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), date_format, &date)};
}

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm date{};
    gmtime_r(&now, &date);
    return text_of(date);
}

std::string checked_date(const std::string& text) {
    std::tm date{};
    const bool parsed = strptime(text.c_str(), date_format, &date) != nullptr;
    timegm(&date);  // makes another one of the 30th of February
    if (parsed && text_of(date) == text) return text;
    throw UsageError("--date: expected one such as 2026-01-31, not \"" + printable(text) + '"');
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
    const std::string date = given("--date") ? checked_date(date_) : today();
    for (const auto& [name, text] : manual_pages(describe(*command_->get_parent()), date)) {
        write(folder_ + '/' + name, text);
    }
}

}  // namespace jsocket::cli
