// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/server/server_options.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace jsocket {

/// A server without a thread: accepts one client at a time and talks to it by hand.
///
///     jsocket::JsonServer server({.port = 5489});
///     server.accept_connection();
///     server.send_obj(server.read_obj());
///
/// Threads:  as JsonClient: any thread may send while another reads, and close() ends both and
///           accept_connection(). Everything else from one thread at a time.
class JsonServer {
  public:
    /// Binds and listens. Throws ConnectError if the address is taken or not ours, UsageError if
    /// an option is out of its range.
    explicit JsonServer(ServerOptions options = {});
    ~JsonServer();

    /// Waits for the next client; one that is still connected is disconnected first. Throws
    /// TimeoutError after accept_timeout, ConnectionClosed after close(); and with
    /// ServerOptions::tls TlsError, TimeoutError or ConnectionError for a client with which no TLS
    /// came about, after which the next one can be accepted.
    void accept_connection();

    /// As JsonClient::send_obj().
    void send_obj(const json& message);

    /// As JsonClient::read_obj().
    json read_obj();

    /// As JsonClient::try_read_obj().
    std::optional<json> try_read_obj(std::chrono::milliseconds timeout);

    /// Disconnects the client; the next one can be accepted. Does nothing without one.
    void close_connection() noexcept;

    /// Disconnects the client and stops listening, for good. The second call does nothing.
    void close() noexcept;

    /// Has a client been accepted, and not been disconnected as far as is known?
    bool connected() const noexcept;

    /// The port it listens on, also if a free one was asked for; 0 for a UNIX-domain socket.
    std::uint16_t port() const noexcept;

    /// Where to connect: "127.0.0.1:40312", "[::1]:40312" or "unix:PATH".
    std::string endpoint() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jsocket
