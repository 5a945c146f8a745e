// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/client_arguments.hpp"
#include "cli/command.hpp"

#include <string>
#include <vector>

namespace jsocket::cli {

struct LoadOptions;
class RepeatedRequest;

/// `jsocket bench`: sends a server many messages, and says how it did.
class BenchCommand : public Command {
  public:
    explicit BenchCommand(CLI::App& app);

    /// To be called before any thread is started, since it blocks signals; one of them ends the
    /// load early, which is no failure. Throws Error, after the report, if a connection failed.
    void run() override;

  private:
    void refuse_both(const char* one, const char* other) const;
    LoadOptions options();
    void set_extent(LoadOptions& options) const;
    std::vector<std::string> messages() const;
    std::vector<RepeatedRequest> calls() const;

    ClientArguments client_;
    std::string message_;
    bool rpc_ = false;
    std::string connections_ = "10";
    std::string duration_ = "10";
    std::string requests_;
    std::string rate_;
    std::string window_ = "1";
    std::string size_ = "64";
    std::string warmup_;
};

}  // namespace jsocket::cli
