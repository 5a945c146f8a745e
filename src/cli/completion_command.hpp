// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <string>

namespace jsocket::cli {

/// `jsocket completion`: prints what a shell has to read to complete command lines.
class CompletionCommand : public Command {
  public:
    explicit CompletionCommand(CLI::App& app);

    /// Throws UsageError for a shell that is not known.
    void run() override;

  private:
    std::string shell_;
};

}  // namespace jsocket::cli
