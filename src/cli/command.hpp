// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace jsocket::cli {

/// A word behind `jsocket` with its options. Its constructor adds them to the application, which
/// must outlive it.
class Command {
  public:
    virtual ~Command() = default;
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    /// Is it the one that the command line asks for?
    bool chosen() const;

    /// What it is for, once the command line has been read. To be called before any thread is
    /// started, since some commands block signals. Throws UsageError for a wrong option or what is
    /// no JSON; Error for what the other side, the network or this machine did.
    virtual void run() = 0;

  protected:
    Command(CLI::App& app, const char* name, const char* description);

    /// Adds an option whose default is what `value` holds.
    void add_option(const char* name, std::string& value, const char* type,
                    const char* description);

    bool given(const char* option) const;

    CLI::App* const command_;  // the application's
};

/// What every command understands: see use_json_lines().
inline constexpr const char* json_option = "--json";

/// Adds that option, with what it means to the command; those that do not get it all the same.
void add_json_option(CLI::App& command, const char* meaning);

/// All there are, in the order in which `--help` shows them.
std::vector<std::unique_ptr<Command>> make_commands(CLI::App& app);

}  // namespace jsocket::cli
