// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/server_options.hpp>
#include <jsocket/server/stats.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace jsocket {

class ServerCore;
class Session;

/// What ThreadedServer and ServerFactory have in common: a listening socket, a thread that accepts,
/// and statistics.
///
/// Threads:  every member may be called from any thread, and from hooks, but for join() and
///           join_for() in hooks.
/// Lifetime: one run each: construct, start(), stop(), join().
class Server {
  public:
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Starts the thread that accepts; clients could connect since construction. Throws UsageError
    /// the second time, or after stop(); ConnectError if no thread is to be had, and may be called
    /// again then.
    void start();

    /// Interrupts every wait at once, in accept as in reads, lets running hooks finish and their
    /// replies be sent, and disconnects all clients; one that does not read has 50 ms to take its
    /// reply. Does not wait for that; join() does. Does nothing the second time.
    void stop() noexcept;

    /// Waits until the server has stopped and its last hook has returned. Returns at once if it was
    /// not started. Throws UsageError in a hook, which would wait for itself.
    ///
    /// A hook that still runs drain_timeout after stop() loses its client, who is not to wait for
    /// it, and a warning names the clients concerned; it is repeated after twice that, four times,
    /// and so on, up to a minute. To go on without such a hook, a program can only end.
    void join();

    /// The same for at most `timeout`; false if a hook still runs then, or the server was not
    /// stopped.
    bool join_for(std::chrono::milliseconds timeout);

    /// Reads the files of ServerOptions::tls again, for clients that connect from now on; those
    /// that are connected keep what they have. Throws UsageError, with everything as it was, if the
    /// new files are not in order, or the server has no TLS.
    void reload_tls();

    /// Started, and the accepting thread has not ended.
    bool running() const noexcept;

    /// The port it listens on, also if a free one was asked for; 0 for a UNIX-domain socket.
    std::uint16_t port() const noexcept;

    /// As configured; that of the socket instead of `systemd:NAME`.
    const std::string& address() const noexcept;

    /// Where to connect: "127.0.0.1:40312", "[::1]:40312" or "unix:PATH".
    std::string endpoint() const;

    /// A snapshot, also after the end; each connection is in it once.
    ServerStats client_stats() const;

  protected:
    /// Binds and listens. On the accepting thread, `serve` is called with each new client, and
    /// `finish` after the last one. Throws ConnectError if the address is taken or not ours,
    /// UsageError if an option is out of range.
    Server(ServerOptions options, std::function<void(std::shared_ptr<Session>)> serve,
           std::function<void()> finish = {});
    ~Server();

    /// Ends the process, with a message, if the server is running: its hooks would run on objects
    /// that are being destroyed. For destructors.
    void terminate_if_running() noexcept;

    /// For the classes of this library that derive from this one.
    ServerCore& core() noexcept { return *core_; }

    /// The same, to look at.
    const ServerCore& core() const noexcept { return *core_; }

  private:
    std::unique_ptr<ServerCore> core_;
};

}  // namespace jsocket
