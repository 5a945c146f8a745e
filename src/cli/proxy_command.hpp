// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"

#include <jsocket/testing/fault_proxy.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace jsocket::cli {

/// `jsocket proxy`: passes connections on, with faults or a recording, until SIGINT or SIGTERM.
class ProxyCommand : public Command {
  public:
    explicit ProxyCommand(CLI::App& app);

    /// To be called before any thread is started, since it blocks signals. Returns when one of
    /// them has come. Throws UsageError for a wrong option, Error if it cannot listen or record.
    void run() override;

  private:
    void add_faults();
    std::optional<std::uint64_t> count(const char* option, const std::string& text,
                                       std::uint64_t smallest) const;
    testing::LinkFaults faults() const;
    testing::FaultProxyOptions options() const;

    std::string listen_;
    std::string to_;
    std::string direction_ = "both";
    std::string delay_;
    std::string trickle_;
    std::string chunk_;
    std::string cut_after_;
    std::string reset_after_;
    std::string flip_bit_;
    std::string message_;
    std::string record_;
    std::string framing_;
    std::string max_message_size_;
    std::string max_connections_;
};

}  // namespace jsocket::cli
