// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scenarios/hostile/memory_bound.hpp"
#include "scenarios/load/forked_process.hpp"
#include "scenarios/load/process.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

/// Servers and clients in a process of their own, which somebody attacks.
namespace test_support {

/// Small, so that a little traffic is much more than they allow.
inline constexpr jsocket::Limits hostile_limits{
    .max_message_size = 128 * kibibyte, .max_depth = 64, .max_elements = 8'000};

/// Patient, so that a slow machine makes no difference.
jsocket::ServerOptions hostile_server_options();
jsocket::rpc::Options hostile_rpc_options();

/// For many connections at a time: with a memory budget, and little patience with those that do not
/// read. A message may take as long as it likes, if it goes on.
jsocket::ServerOptions crowded_server_options();

/// How a server answers.
enum class ServerKind {
    echo,      ///< process_message() returns the message
    small,     ///< process_message() returns a number, and leaves the message where it is
    payload,   ///< process_payload() answers with the text
    threaded,  ///< as `small`, by a ThreadedServer
    rpc,       ///< rpc::Server
};

/// How a client reads.
enum class ClientKind {
    read_into,  ///< JsonClient::read_obj(json&)
    read_new,   ///< JsonClient::read_obj()
    rpc,        ///< rpc::Client, which offers methods
};

/// What JSON-RPC subjects offer: `echo`, which answers with its parameters; `ask`, which calls
/// `answer` of whoever called it and waits; `page`, of 96 KiB; and fifty with long descriptions,
/// for the document of rpc.discover.
jsocket::rpc::Dispatcher hostile_methods();

/// How the memory of a process grows from now on.
class MemoryWatch {
  public:
    explicit MemoryWatch(pid_t process)
        : process_(process),
          counted_(!sanitized && reset_peak_memory(process)),
          before_(resident_memory(process)) {}

    /// Does it say anything? Not where the system cannot count anew, nor under a sanitizer.
    bool counted() const { return counted_; }

    /// The most that it has grown by, and what it has grown by now; in bytes.
    std::size_t peak() const { return above(peak_memory(process_)); }
    std::size_t now() const { return above(resident_memory(process_)); }

  private:
    std::size_t above(std::size_t size) const { return size - std::min(size, before_); }

    const pid_t process_;
    const bool counted_;
    const std::size_t before_;
};

/// A server that runs until the object is destroyed.
class HostedServer {
  public:
    explicit HostedServer(ServerKind kind,
                          jsocket::ServerOptions options = hostile_server_options());

    std::uint16_t port() const { return port_; }
    pid_t pid() const { return process_.pid(); }

  private:
    static int run(ServerKind kind, const jsocket::ServerOptions& options, int answer, int life);

    std::uint16_t port_ = 0;
    ForkedProcess process_;
};

/// A client that connects to a port of this machine again and again, reads what comes, and ends
/// when it is refused. A JsonClient answers each message with 1.
class HostedClient {
  public:
    HostedClient(ClientKind kind, jsocket::Framing framing);

    /// Has it connect for the first time.
    void connect_to(std::uint16_t port) { process_.write(&port, sizeof(port)); }
    pid_t pid() const { return process_.pid(); }

  private:
    static int run(ClientKind kind, jsocket::Framing framing, int life);

    ForkedProcess process_;
};

}  // namespace test_support
