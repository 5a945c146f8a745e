// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace jsocket::cli {

/// A server with a name, and what else it takes to talk to it:
///
///     [contexts.production]
///     server = "db1.example.org:5489"
///     framing = "crc"
///     tls = true
///     tls-ca = "ca.pem"        # beside this file
struct Context {
    /// An option as if it had been given.
    struct Setting {
        std::string key;   ///< its long name without dashes
        std::string text;  ///< its value; "true" of a flag
        std::size_t line = 0;
    };

    std::string name;
    std::vector<Setting> settings;  ///< `server` is the first one
};

/// The configuration file of the user.
struct Configuration {
    std::string path;
    std::vector<Context> contexts;

    /// Throws UsageError, which says where it was looked for.
    const Context& context(std::string_view name) const;
};

/// Reads $JSOCKET_CONFIG, or else jsocket/config.toml in $XDG_CONFIG_HOME or ~/.config; that one
/// need not exist. `options` has the options that contexts may set, as an option named FILE says
/// that its value is a path: from the folder of the configuration file, if it is relative.
///
/// Security: a file that belongs to another user than this one or root, or that others can write
/// to, is refused: it says whom to send messages to and which authorities to trust. The folders
/// that it lies in are not looked at.
///
/// Throws UsageError, which names the file, and the line if there is one to blame.
Configuration read_configuration(const CLI::App& options);

}  // namespace jsocket::cli
