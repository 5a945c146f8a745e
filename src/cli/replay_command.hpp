// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <string>

namespace jsocket::cli {

/// `jsocket replay`: a server that answers as one did which was recorded, until SIGINT or SIGTERM.
class ReplayCommand : public Command {
  public:
    explicit ReplayCommand(CLI::App& app);

    /// To be called before any thread is started, since it blocks signals. Returns when one of
    /// them has come. Throws UsageError for a wrong option or recording, Error if it cannot listen
    /// or clients did something else than was recorded.
    void run() override;

  private:
    std::string file_;
    std::string bind_ = "127.0.0.1:0";
    std::string max_connections_ = "1000";
};

}  // namespace jsocket::cli
