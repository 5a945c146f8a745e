// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace jsocket::cli {

/// How the pages of `--help` look: CLI11's, with defaults in words behind the description.
class HelpPage : public CLI::Formatter {
  public:
    HelpPage() {
        column_width(30);
        label("Positionals", "Arguments");
        label("OPTIONS", "OPTION...");
        label("SUBCOMMAND", "COMMAND");
    }

    std::string make_description(const CLI::App* app) const override {
        return app->get_description() + "\n\n";
    }

    std::string make_usage(const CLI::App* app, std::string name) const override {
        // A command is optional to CLI11 only so that it names a wrong one instead.
        return CLI::detail::find_and_replace(Formatter::make_usage(app, name), "[COMMAND]",
                                             "COMMAND");
    }

    std::string make_option_opts(const CLI::Option* option) const override {
        return option->get_type_name().empty() ? "" : ' ' + option->get_type_name();
    }

    std::string make_option_desc(const CLI::Option* option) const override {
        const std::string value = option->get_default_str();
        return option->get_description() + (value.empty() ? "" : " [" + value + ']');
    }
};

}  // namespace jsocket::cli
