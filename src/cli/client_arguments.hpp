// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/configuration.hpp"
#include "cli/tls_arguments.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/deadline.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace jsocket::cli {

/// What all commands take that are clients of a server: SERVER, --framing, --timeout and the
/// options of TLS. SERVER may be @NAME, a context of the configuration file; it says what the
/// options are that the command line does not give.
class ClientArguments {
  public:
    /// `timeout_meaning` is the description of --timeout. `command` must live as long as this.
    void add_to(CLI::App& command, const char* timeout_meaning);

    /// For a client that tries to connect once, within the time-out; all others are the library's.
    /// Once the command line has been read; not twice. Throws UsageError, which names the option,
    /// or the place in the configuration file.
    ClientOptions options();

    /// The same for a context, whatever SERVER is.
    ClientOptions options_of(const Context& context, const Configuration& configuration);

    /// These are right after options().
    const std::string& server() const { return server_; }
    std::chrono::milliseconds timeout() const { return timeout_; }

    /// That nothing has come within --timeout: `what` is "reply from", or "connection to".
    std::string timed_out(const char* what) const;

    /// Throws TimeoutError if the deadline has passed, as it may while a reply is looked at.
    void require_in_time(Deadline deadline) const;

  private:
    void apply(const Context& context, std::vector<Context::Setting>& applied);
    ClientOptions checked();

    CLI::App* command_ = nullptr;
    std::string server_;
    std::string framing_ = "prefix";
    std::string timeout_text_ = "10";
    std::chrono::milliseconds timeout_{};
    ClientTlsArguments tls_;
};

/// A client, whose certificates have been read. Throws UsageError, which names the option.
JsonClient make_client(const ClientOptions& options);

/// The configuration file, checked for keys that are no options of clients.
Configuration read_contexts();

}  // namespace jsocket::cli
