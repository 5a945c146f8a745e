// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <string>

namespace jsocket::cli {

/// `jsocket manual FOLDER`: writes the manual pages, for packages.
class ManualCommand : public Command {
  public:
    explicit ManualCommand(CLI::App& app);

    /// Throws Error if it cannot write.
    void run() override;

  private:
    std::string folder_;
    std::string date_;
};

}  // namespace jsocket::cli
