// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

namespace jsocket::cli {

/// `jsocket contexts`: what SERVER may be as @NAME, one a line, or as one JSON object.
class ContextsCommand : public Command {
  public:
    explicit ContextsCommand(CLI::App& app);

    /// Throws UsageError for a configuration file that is wrong.
    void run() override;
};

}  // namespace jsocket::cli
