// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/client_arguments.hpp"
#include "cli/command.hpp"
#include "cli/rpc_text.hpp"

#include <jsocket/deadline.hpp>

#include <optional>
#include <string>

namespace CLI {
class Option;
}

namespace jsocket::cli {

/// `jsocket call`: calls a method of a JSON-RPC 2.0 server, or asks it which ones it has.
class CallCommand : public Command {
  public:
    explicit CallCommand(CLI::App& app);

    /// Throws UsageError for a wrong option or argument; Error for what the server or the network
    /// did, and AlreadyReported for an error object.
    void run() override;

  private:
    void check_choice() const;
    std::string params() const;
    std::optional<RpcReply> exchange(JsonClient& client, const std::string& request,
                                     bool wants_reply, Deadline deadline);
    std::string call(JsonClient& client, const std::string& method, const std::string& params,
                     Deadline deadline);
    void print_methods(JsonClient& client, Deadline deadline);

    ClientArguments client_;
    std::string method_;
    CLI::Option* arguments_ = nullptr;  // the application's
    bool notify_ = false;
    bool list_ = false;
    bool template_ = false;
    bool verbose_ = false;
};

}  // namespace jsocket::cli
