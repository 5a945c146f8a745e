// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/echo.hpp"
#include "cli/server_arguments.hpp"

#include <jsocket/server/server_options.hpp>

#include <string>
#include <vector>

namespace jsocket::cli {

/// `jsocket serve`: a server until SIGINT or SIGTERM. SIGHUP has it read its certificates again, if
/// it has any, and otherwise ends it, too.
class ServeCommand : public Command {
  public:
    explicit ServeCommand(CLI::App& app);

    /// To be called before any thread is started, since it blocks signals. Returns when one of
    /// them has come. Throws UsageError for a wrong option, ConnectError if the address is taken.
    void run() override;

  private:
    void add_limits();
    ServerOptions server_options() const;
    void set_limits(ServerOptions& options) const;
    std::vector<uid_t> allowed_uids(bool may_know_users) const;
    Hook hook() const;

    bool echo_ = false;
    bool stats_ = false;
    bool answer_stats_ = false;
    std::string hook_ = "payload";
    ServerArguments server_;
    std::string max_message_size_;
    std::string recv_timeout_;
    std::string idle_timeout_;
    std::string max_connections_;
    std::string max_connections_per_peer_;
    std::vector<std::string> allowed_uids_;
    bool allow_overflow_uid_ = false;
    std::string unix_mode_ = "600";
    std::string spin_;
};

}  // namespace jsocket::cli
