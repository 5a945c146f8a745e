// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/echo.hpp"

#include <jsocket/server/server_options.hpp>

#include <string>

namespace CLI {
class App;
}

namespace jsocket::cli {

/// `jsocket serve`: a server until SIGINT or SIGTERM.
class ServeCommand {
  public:
    /// Adds the command to `app`, which must outlive it.
    explicit ServeCommand(CLI::App& app);

    bool chosen() const;

    /// To be called before any thread is started, since it blocks signals. Returns when one of
    /// them has come. Throws UsageError for a wrong option, ConnectError if the address is taken.
    void run();

  private:
    ServerOptions server_options() const;
    Hook hook() const;

    CLI::App* command_;
    bool echo_ = false;
    bool stats_ = false;
    std::string hook_ = "payload";
    std::string bind_;
    std::string framing_;
    std::string max_message_size_;
    std::string recv_timeout_;
    std::string max_connections_;
    std::string spin_;
};

}  // namespace jsocket::cli
