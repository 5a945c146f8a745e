// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/server_arguments.hpp"

#include <string>

namespace jsocket::cli {

struct MockSettings;

/// `jsocket listen`: prints what clients send, and replies by rules, until a signal comes.
class ListenCommand : public Command {
  public:
    explicit ListenCommand(CLI::App& app);

    /// To be called before any thread is started, since it blocks signals. Throws UsageError for a
    /// wrong option or rule; Error if it cannot listen, or standard output be written to.
    void run() override;

  private:
    void serve(const ServerOptions& options, const MockSettings& settings) const;

    ServerArguments server_;
    std::string rules_;
    std::string otherwise_;
    std::string count_;
};

}  // namespace jsocket::cli
