// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/options.hpp>
#include <jsocket/tls_options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace jsocket {

/// What a server is made with; nothing of it changes later.
struct ServerOptions {
    /// A host name, an IPv4 or IPv6 literal, or `unix:PATH`; or `systemd:NAME` for a socket that a
    /// service manager passes on (see Listener), which has its own port and permissions. Security:
    /// loopback unless told otherwise; "0.0.0.0" or "::" to be reached from other machines.
    std::string address = "127.0.0.1";

    /// 0 takes a free port, which port() then tells.
    std::uint16_t port = 0;

    /// Encrypts connections, if given.
    std::optional<TlsServerOptions> tls = {};

    /// By default each connection speaks what its client speaks.
    Framing framing = Framing::automatic;

    /// Of messages, in both directions.
    Limits limits = {};

    /// JsonServer::accept_connection() waits this long. The threaded servers wait without end, and
    /// no time-out delays their stop().
    std::chrono::milliseconds accept_timeout = std::chrono::seconds(2);

    /// How long a message that has begun may go without a further byte. A client that is idle
    /// between messages keeps its connection. JsonServer::read_obj() also waits this long.
    std::chrono::milliseconds recv_timeout = std::chrono::seconds(2);

    /// How long a send may wait for a client that does not read, or reads more slowly than
    /// min_send_rate.
    std::chrono::milliseconds send_timeout = std::chrono::seconds(30);

    /// Bytes a second; see SocketOptions::min_send_rate.
    std::size_t min_send_rate = default_min_send_rate;

    /// How long a message may arrive at less than min_receive_rate, for slow networks. Security:
    /// bounds a client that sends a byte now and then.
    std::chrono::milliseconds message_deadline = std::chrono::seconds(30);

    /// Bytes a second; see SocketOptions::min_receive_rate.
    std::size_t min_receive_rate = default_min_receive_rate;

    /// How long a client may be idle between messages before it is disconnected, counted as
    /// `timeout`. Without end by default, for clients that just listen. Not of a JsonServer.
    std::chrono::milliseconds idle_timeout = no_timeout;

    /// How long hooks may run on after stop() before join() lets their clients go, without the
    /// reply.
    std::chrono::milliseconds drain_timeout = std::chrono::seconds(10);

    /// How long a thread looks for its client's next message again and again before it sleeps until
    /// it comes. It does so only while the client answers as quickly, and while no more threads of
    /// connections are awake than there are processors. Being woken takes longer than most hooks:
    /// a client on another processor has its replies in less than half the time. 0 turns it off.
    std::chrono::microseconds spin = std::chrono::microseconds(50);

    /// Further clients are accepted, closed and counted as refused. Independent of it, the last 32
    /// file descriptors are never used up.
    std::size_t max_connections = 10'000;

    /// The same for those that come from one IP address at a time; 0 for as many as there may be in
    /// all. Does not concern UNIX-domain sockets.
    std::size_t max_connections_per_peer = 0;

    /// Bytes that all connections together may hold: of messages that arrive, of their trees, and
    /// of what waits to be sent. Above three quarters of it the connections that hold more than the
    /// average are not read from until there is room. Above it the one that holds most is
    /// disconnected, counted as `memory`. 0 for a quarter of the machine's memory, or of the limit
    /// of the process's control group. At least 1 MiB. What hooks keep is not counted.
    std::size_t memory_budget = 0;

    /// Threads that run JSON-RPC methods, of all clients together, beside one for each client;
    /// further calls wait. No client gets more of them than are left for the others. At least 1.
    std::size_t max_call_threads = 256;

    /// Entries that client_stats() keeps. Beyond it the client that left first is forgotten.
    std::size_t max_client_entries = 10'000;

    /// Answers `rpc.stats`, a JSON-RPC request, with client_stats() and latencies instead of
    /// handing it to the hooks; `jsocket top` shows them, docs/top.md has the protocol. It costs
    /// two looks at the clock for each message. Not of a JsonServer. Security: every client may
    /// learn the names and addresses of all of them and what they do. However many ask, at most ten
    /// times a second it costs as much as client_stats(); with many clients figures are up to 100
    /// ms old.
    bool answer_stats = false;

    /// Bytes of stack of each thread that runs hooks: address space, not memory, until used, but
    /// for 1 KiB of page tables for each 512 KiB. At least 64 KiB and 2 KiB for each level of
    /// max_depth, for hooks that copy, print and hash the deepest messages. A hook that needs more
    /// than this ends the process.
    std::size_t stack_size = 512 * 1024;

    /// Permissions of the file of a UNIX-domain socket. Security: the owner alone, by default.
    mode_t unix_mode = 0600;

    /// The users whose processes may connect to a UNIX-domain socket, beside what unix_mode says;
    /// everybody else is refused, and so is root unless it is named. Empty for all that can.
    std::vector<uid_t> allowed_uids = {};

    /// Lets allowed_uids have the overflow user id (/proc/sys/kernel/overflowuid, mostly 65534).
    /// Security: in a user namespace, such as that of a container, the kernel reports it for every
    /// user without a number there. It then lets all of them in.
    bool allow_overflow_uid = false;
};

/// Throws UsageError, naming the setting, if one is out of its range.
void check_options(const ServerOptions& options);

/// The part that concerns a single connection.
SocketOptions socket_options(const ServerOptions& options);

}  // namespace jsocket
