// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/address.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <string>

namespace test_support {

/// Two networks of this machine, apart from all others, with a cable between them; gone with their
/// last socket and this object.
///
///     std::string reason;
///     auto cable = Cable::lay(reason);
///     if (!cable) GTEST_SKIP() << reason;
///     cable->at_server([&] { server.emplace(ServerOptions{.address = Cable::server_address}); });
///     cable->at_client([&] { client.connect(); });
class Cable {
  public:
    static constexpr const char* server_address = "192.0.2.1";

    /// Empty, and why, without the rights or the programs that it takes.
    static std::optional<Cable> lay(std::string& reason);

    /// Run `what` on a thread that is in one of the networks, as are the sockets it makes and the
    /// threads it starts; return when it has. What it throws, they throw.
    void at_server(const std::function<void()>& what) const { run_in(server_, what); }
    void at_client(const std::function<void()>& what) const { run_in(client_, what); }

    /// Runs a command of the shell in both networks, with $LINK for this end of the cable. Throws
    /// if it fails.
    void at_both_ends(const std::string& command) const;

  private:
    Cable(FileDescriptor server, FileDescriptor client)
        : server_(std::move(server)), client_(std::move(client)) {}

    static void run_in(const FileDescriptor& network, const std::function<void()>& what);

    FileDescriptor server_;
    FileDescriptor client_;
};

}  // namespace test_support
