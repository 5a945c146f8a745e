// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

/// What holds for all commands, for `--help` and the manual pages.
namespace jsocket::cli {

struct Explained {
    std::string_view name;
    std::string_view meaning;
};

/// The ExitCodes of terminal.hpp.
inline constexpr std::array<Explained, 3> exit_codes{{
    {"0", "success"},
    {"1", "the peer, the network or this machine failed; `call` got an error"},
    {"2", "wrong usage, malformed input among it"},
}};

inline constexpr std::array<Explained, 5> environment{{
    {"JSOCKET_CONFIG", "the configuration file, instead of the one below FILES"},
    {"XDG_CONFIG_HOME", "the folder of jsocket/config.toml; otherwise ~/.config"},
    {"XDG_STATE_HOME", "the folder of jsocket/history; otherwise ~/.local/state"},
    {"NO_COLOR", "if it is set and not empty, nothing is coloured"},
    {"TERM", "with the value dumb nothing is coloured, either"},
}};

inline constexpr std::array<Explained, 2> files{{
    {"~/.config/jsocket/config.toml",
     "named contexts, for SERVER as @NAME: sections [contexts.NAME] with server and the long "
     "options of clients without their dashes. Nobody but its owner, and root, may be able to "
     "write to it"},
    {"~/.local/state/jsocket/history", "lines that were typed into `jsocket connect`"},
}};

}  // namespace jsocket::cli
