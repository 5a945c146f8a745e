// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tls_arguments.hpp"

#include <jsocket/server/server_options.hpp>

#include <string>

namespace jsocket::cli {

/// An option for the address that clients connect to; `value` is its default.
void add_bind(CLI::App& command, const char* name, std::string& value);

/// --framing of what takes connections; `value` is its default.
void add_server_framing(CLI::App& command, std::string& value);

/// --json of what prints a line when it is ready.
void add_server_json(CLI::App& command);

/// What all commands take that serve clients with TLS: --bind, --framing and the options of TLS.
class ServerArguments {
  public:
    ServerArguments();
    void add_to(CLI::App& command);

    /// All that the options do not say is the library's. Throws UsageError, which names the option.
    ServerOptions options() const;

  private:
    std::string bind_;
    std::string framing_;
    ServerTlsArguments tls_;
};

}  // namespace jsocket::cli
