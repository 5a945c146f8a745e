// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/client_arguments.hpp"
#include "cli/command.hpp"

#include <string>

namespace jsocket::cli {

/// `jsocket send`: one message and its reply, or one for each line of standard input.
class SendCommand : public Command {
  public:
    explicit SendCommand(CLI::App& app);

    /// Throws UsageError for a wrong option or what is no JSON; Error for what the server or the
    /// network did.
    void run() override;

  private:
    std::string exchange(JsonClient& client, const std::string& message) const;
    void exchange_lines(JsonClient& client) const;

    ClientArguments client_;
    std::string message_;
};

}  // namespace jsocket::cli
