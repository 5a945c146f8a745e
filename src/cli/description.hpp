// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace jsocket::cli {

/// An option, or an argument that is known by its place.
struct OptionDescription {
    std::vector<std::string> names;   ///< "-h" before "--help"; of an argument "SERVER"
    std::string type;                 ///< "SECONDS", "FILE"; empty for a flag
    std::vector<std::string> values;  ///< all there are, if its type names them: "prefix|crc|lines"
    std::string meaning;              ///< on one line
    std::string default_value;
    bool required = false;
    bool repeated = false;  ///< it may be given more than once
};

/// A word behind `jsocket`.
struct CommandDescription {
    std::string name;
    std::string meaning;
    std::vector<OptionDescription> options;
    std::vector<OptionDescription> arguments;
    std::string footer;
};

/// What `--help` shows, as data: for completions and manual pages, which therefore say the same.
struct Description {
    CommandDescription program;
    std::vector<CommandDescription> commands;
};

/// Of the application, with all its commands; not of hidden ones, which have no group.
Description describe(const CLI::App& app);

}  // namespace jsocket::cli
