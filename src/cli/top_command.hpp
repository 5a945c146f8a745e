// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/client_arguments.hpp"
#include "cli/command.hpp"

#include <string>

namespace jsocket::cli {

/// `jsocket top`: what a server's clients do, until somebody has seen enough.
class TopCommand : public Command {
  public:
    explicit TopCommand(CLI::App& app);
    void run() override;

  private:
    ClientArguments client_;
    std::string interval_ = "1";
    bool once_ = false;
};

}  // namespace jsocket::cli
