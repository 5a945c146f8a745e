// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/tls_options.hpp>

#include <optional>
#include <string>

namespace CLI {
class App;
}

/// The options that have to do with TLS, of servers and of clients. Errors: UsageError says which
/// one is missing, or which one it needs.
namespace jsocket::cli {

class ServerTlsArguments {
  public:
    void add_to(CLI::App& command);

    /// Empty if none was given.
    std::optional<TlsServerOptions> options() const;

  private:
    TlsServerOptions options_;
};

class ClientTlsArguments {
  public:
    void add_to(CLI::App& command);

    /// Empty without --tls. `over_unix`: is the server behind a UNIX-domain socket?
    std::optional<TlsClientOptions> options(bool over_unix) const;

  private:
    bool tls_ = false;
    TlsClientOptions options_;
};

/// What the library says about a file, with the name of the option that the file was given to.
std::string with_option_names(std::string text);

}  // namespace jsocket::cli
