// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/tls_arguments.hpp"

#include <jsocket/client/json_client.hpp>

#include <string>

namespace jsocket::cli {

/// `jsocket top`: what a server's clients do, until somebody has seen enough.
class TopCommand : public Command {
  public:
    explicit TopCommand(CLI::App& app);
    void run() override;

  private:
    ClientOptions client_options() const;

    std::string server_;
    std::string interval_ = "1";
    std::string framing_ = "prefix";
    bool once_ = false;
    bool json_ = false;
    ClientTlsArguments tls_;
};

}  // namespace jsocket::cli
