// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/client_arguments.hpp"
#include "cli/command.hpp"

namespace jsocket::cli {

/// `jsocket connect`: what is typed goes to the server, line by line, and what it sends is shown.
class ConnectCommand : public Command {
  public:
    explicit ConnectCommand(CLI::App& app);

    /// To be called before any thread is started, since it blocks signals. Throws UsageError for a
    /// wrong option, ConnectError if the server is not there at the beginning, AlreadyReported if a
    /// line of a script has failed.
    void run() override;

  private:
    ClientArguments client_;
};

}  // namespace jsocket::cli
