// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scenarios/load/forked_process.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <cstddef>
#include <sys/types.h>

namespace test_support {

/// A ServerFactory in a process of its own, so that what it uses can be measured by itself,
/// limited, stopped and killed. It answers each message with itself, but for the ones of report()
/// and hoard().
///
///     ServerProcess server;
///     connected_client(server.port()).request("hello");
///
/// To be made while this process has one thread.
class ServerProcess {
  public:
    struct Setup {
        jsocket::ServerOptions options = {};
        std::size_t descriptors = 0;  ///< RLIMIT_NOFILE; 0 leaves it as it is
        bool held = false;            ///< does not listen before go()
    };

    explicit ServerProcess(Setup setup);
    ServerProcess() : ServerProcess(Setup{}) {}

    std::uint16_t port() const { return port_; }
    pid_t pid() const { return process_.pid(); }

    /// Lets a server that is held listen; returns when it does.
    void go();

    /// At once, without a chance to say farewell. Waits for its end.
    void kill() { process_.kill(); }

    /// Stops all its threads, as SIGSTOP does, and returns when they have; and the reverse.
    void suspend() const;
    void resume() const;

    /// What the statistics say, over all clients: `connects`, `disconnects`, `refused`, `entries`,
    /// `active`, and a member for each kind of failure that was counted. Over a connection of its
    /// own, or one that is there; either counts as well.
    json report() const {
        jsocket::JsonClient client = connected_client(port_);
        return report(client);
    }
    static json report(jsocket::JsonClient& client) { return client.request(report_message); }

    /// Has the server's process take all descriptors it can get, or give them back.
    static void hoard(jsocket::JsonClient& client) { client.request(hoard_message); }
    static void release(jsocket::JsonClient& client) { client.request(release_message); }

  private:
    static constexpr const char* report_message = "report to the test";
    static constexpr const char* hoard_message = "take all descriptors";
    static constexpr const char* release_message = "give the descriptors back";

    static int run(const Setup& setup, int answer, int life);
    void read_port();

    ForkedProcess process_;
    std::uint16_t port_ = 0;
};

}  // namespace test_support
