// SPDX-License-Identifier: Apache-2.0
#include "core/stack_size.hpp"
#include "server/allowed_users.hpp"
#include "support/read_file.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/server_options.hpp>

#include <algorithm>
#include <charconv>

namespace jsocket {
namespace {

constexpr std::size_t smallest_budget = 1024 * 1024;

/// The number that stands for every user without one in this user namespace.
uid_t overflow_uid() {
    constexpr uid_t usual = 65534;
    const std::string text = read_file("/proc/sys/kernel/overflowuid");
    uid_t uid = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), uid);
    return result.ec == std::errc() ? uid : usual;
}

/// Security: who has this number may be anybody from outside the user namespace.
void check_overflow_uid(const ServerOptions& options) {
    const auto& users = options.allowed_uids;
    if (users.empty() || options.allow_overflow_uid) return;
    const uid_t overflow = overflow_uid();
    if (std::find(users.begin(), users.end(), overflow) == users.end()) return;
    throw UsageError("allowed_uids is given " + std::to_string(overflow) +
                     ", the overflow user id, which the kernel reports for every user without a "
                     "number in this user namespace; name another user, or set "
                     "allow_overflow_uid to let all of them in");
}

}  // namespace

void check_options(const ServerOptions& options) {
    check_options(socket_options(options));
    check_timeout("accept_timeout", options.accept_timeout);
    check_timeout("idle_timeout", options.idle_timeout);
    check_timeout("drain_timeout", options.drain_timeout);
    // What `systemd:` stands for is known later.
    const Endpoint endpoint{options.address, options.port};
    if (!endpoint.systemd_name()) check_allowed_uids(options, endpoint);
    check_overflow_uid(options);
    if (options.tls) {
        check_timeout("tls.handshake_timeout", options.tls->handshake_timeout);
        // Security: or else who has no certificate would just have to leave TLS out.
        if (options.tls->plain_too && !options.tls->client_ca.empty()) {
            throw UsageError(
                "tls.plain_too and tls.client_ca are both given, but a client without "
                "TLS has no certificate; leave one of them out");
        }
    }
    if (options.max_connections == 0) {
        throw UsageError("max_connections is 0; it has to be at least 1");
    }
    if (options.memory_budget != 0 && options.memory_budget < smallest_budget) {
        throw UsageError("memory_budget is " + std::to_string(options.memory_budget) +
                         "; it has to be 0, or at least " + std::to_string(smallest_budget));
    }
    if (options.max_call_threads == 0) {
        throw UsageError("max_call_threads is 0; it has to be at least 1");
    }
    check_stack_size("stack_size", options.stack_size, options.limits);
}

void check_allowed_uids(const ServerOptions& options, const Endpoint& endpoint) {
    if (options.allowed_uids.empty() || endpoint.unix_path()) return;
    throw UsageError("allowed_uids is given, but address is " + endpoint.address +
                     "; only a UNIX-domain socket, unix:PATH, knows its clients' users");
}

SocketOptions socket_options(const ServerOptions& options) {
    return {.framing = options.framing,
            .limits = options.limits,
            .recv_timeout = options.recv_timeout,
            .send_timeout = options.send_timeout,
            .min_send_rate = options.min_send_rate,
            .message_deadline = options.message_deadline,
            .min_receive_rate = options.min_receive_rate,
            .spin = options.spin};
}

}  // namespace jsocket
