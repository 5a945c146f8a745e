// SPDX-License-Identifier: Apache-2.0
#include "cli/description.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace jsocket::cli {

namespace {

std::string on_one_line(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

std::vector<std::string> words_of(const std::string& type) {
    if (type.find('|') == std::string::npos) return {};
    return CLI::detail::split(type, '|');
}

OptionDescription describe(const CLI::Option& option) {
    OptionDescription described;
    if (option.get_positional()) {
        described.names.push_back(option.get_name(true));
    } else {
        for (const std::string& name : option.get_snames()) described.names.push_back('-' + name);
        for (const std::string& name : option.get_lnames()) described.names.push_back("--" + name);
    }
    described.type = option.get_type_name();
    if (option.get_items_expected_max() == 0) described.type.clear();
    if (option.get_positional() && described.type.empty()) described.type = described.names.front();
    described.values = words_of(described.type);
    described.meaning = on_one_line(option.get_description());
    described.default_value = option.get_default_str();
    described.required = option.get_required();
    described.repeated = option.get_items_expected_max() > 1;
    return described;
}

CommandDescription describe_command(const CLI::App& app) {
    CommandDescription described{app.get_name(), app.get_description(), {}, {}, app.get_footer()};
    for (const CLI::Option* option : app.get_options({})) {
        if (option->get_group().empty()) continue;
        auto& list = option->get_positional() ? described.arguments : described.options;
        list.push_back(describe(*option));
    }
    return described;
}

}  // namespace

Description describe(const CLI::App& app) {
    Description described{describe_command(app), {}};
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!command->get_group().empty()) described.commands.push_back(describe_command(*command));
    }
    return described;
}

}  // namespace jsocket::cli
