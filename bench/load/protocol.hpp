// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::bench {

/// A byte protocol of request and reply, as far as a load generator needs it. Each connection has
/// an object of its own, as some protocols agree on something in their greeting.
class Protocol {
  public:
    Protocol() = default;
    Protocol(const Protocol&) = delete;
    Protocol& operator=(const Protocol&) = delete;
    virtual ~Protocol() = default;

    /// What a client does before its first request, on a connected blocking socket.
    virtual void greet(int /*fd*/) {}

    /// The bytes of one request that carries `payload`, a JSON text. Sent as often as wanted.
    virtual std::string request(std::string_view payload) const = 0;

    /// Bytes taken by the first whole reply in `bytes`; 0 if there is none yet. Throws
    /// std::runtime_error on an error reply.
    virtual std::size_t reply_size(std::string_view bytes) const = 0;

    /// The JSON text that a whole reply carries. Not called while measuring.
    virtual std::string document(std::string_view reply) const = 0;
};

/// The names that make_protocol() knows.
std::vector<std::string> protocol_names();

/// Throws std::invalid_argument if there is none of this name.
///
///     prefix     4 bytes of length, big-endian, and the payload
///     rpc        JSON-RPC 2.0 as prefix: method "echo", the payload is its params
///     lines      JSON-RPC 1.0 as Go's net/rpc/jsonrpc has it: method "Echo.Echo", params [payload]
///     redis      ECHO in RESP
///     nats       a request to the subject "echo", whose reply comes to an inbox
///     http       JSON-RPC 2.0 in HTTP/1.1: POST /, method "echo", the payload is its params
///     websocket  a text message each, RFC 6455
///     zmtp       ZMTP 3.0, NULL security, REQ
///     sp         REQ of Scalability Protocols over TCP, as nng and nanomsg have it
std::unique_ptr<Protocol> make_protocol(std::string_view name);

}  // namespace jsocket::bench
