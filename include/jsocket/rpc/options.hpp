// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace jsocket::rpc {

/// What holds for one end of every connection: what it says of itself, and how much it takes on.
struct Options {
    /// `info` of the document that rpc.discover answers with.
    std::string title = "jsocket";
    std::string version = "0";     ///< of the program, not of jsocket
    std::string description = {};  ///< left out if empty

    /// A batch of more is refused as a whole.
    std::size_t max_batch_size = 1'000;

    /// Of one connection, in each direction; a batch counts as one. Further calls from the other
    /// end are answered with too_many_calls; further ones from this end wait. At least 1. Calls and
    /// the replies that wait for a client that does not read are together at most twice as many.
    std::size_t max_calls_in_flight = 64;

    /// Notifications that wait for their turn, and bytes of them as below; while there are as many,
    /// nothing more is read. At least 1.
    std::size_t max_queued_notifications = 1'000;

    /// How long the queue may stand still meanwhile, behind one notification, until the connection
    /// is closed. Security: whether a client has left is not noticed as long as nothing is read.
    std::chrono::milliseconds queue_timeout = std::chrono::minutes(1);

    /// Bytes of the messages whose calls run or wait, and of their replies until they are sent, of
    /// one connection. More calls are refused, as beyond max_calls_in_flight. One message is always
    /// taken.
    std::size_t max_bytes_in_flight = 16 * 1024 * 1024;

    /// Bytes. At least 1.
    std::size_t max_method_name = 256;

    /// How long a method may run until its stop token is told to stop. No call is ended by force.
    std::chrono::milliseconds call_timeout = no_timeout;

    /// When this end closes the connection: how long the calls that run have until their stop
    /// tokens are told to stop, and what has not begun is left out. A Client that closes tells them
    /// at once.
    std::chrono::milliseconds drain_timeout = std::chrono::seconds(5);

    /// Of each thread that runs methods; see ServerOptions::stack_size. A server and a client throw
    /// UsageError if it is too small for their max_depth; a ServerThread of one's own does so for
    /// its first message.
    std::size_t stack_size = 512 * 1024;
};

/// Throws UsageError, naming the setting, if one is out of its range.
void check_options(const Options& options);

}  // namespace jsocket::rpc
