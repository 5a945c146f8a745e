// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/client/retry_policy.hpp>
#include <jsocket/json.hpp>
#include <jsocket/options.hpp>
#include <jsocket/tls_options.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jsocket {

/// What a JsonClient is made with; nothing of it changes later.
struct ClientOptions {
    /// A host name, an IPv4 or IPv6 literal, or `unix:PATH`.
    std::string address = "127.0.0.1";
    std::uint16_t port = default_port;  ///< not used with `unix:`

    /// Encrypts the connection, if given, and checks who the server is.
    std::optional<TlsClientOptions> tls = {};

    /// Not Framing::automatic: the one who begins has to choose.
    Framing framing = Framing::prefix;

    /// Of messages, in both directions.
    Limits limits = {};

    /// How long read_obj() waits for a message to begin, and then for each further byte.
    std::chrono::milliseconds recv_timeout = std::chrono::seconds(2);

    /// How long a send may wait for a server that does not read, or reads more slowly than
    /// min_send_rate.
    std::chrono::milliseconds send_timeout = std::chrono::seconds(30);

    /// Bytes a second; see SocketOptions::min_send_rate.
    std::size_t min_send_rate = default_min_send_rate;

    /// How long a message may arrive at less than min_receive_rate, for slow networks.
    std::chrono::milliseconds message_deadline = std::chrono::seconds(30);

    /// Bytes a second; see SocketOptions::min_receive_rate.
    std::size_t min_receive_rate = default_min_receive_rate;

    /// How connect() goes about it.
    RetryPolicy retry = {};
};

/// The client's end of a connection.
///
///     jsocket::JsonClient client({.address = "db1", .port = 5489});
///     client.connect();
///     json answer = client.request({{"question", 42}});
///
/// A reply is just the next message that comes; a server may also send unasked.
///
/// Threads:  any thread may send while another one reads. close() may be called from any thread
///           and ends connect(), read_obj() and send_obj() in others, which then throw
///           ConnectionClosed. Everything else from one thread at a time.
/// Lifetime: the destructor closes. Of a client that was moved from, only close(), connected(),
///           assignment and destruction are of use.
class JsonClient {
  public:
    /// Does not connect. Throws UsageError if an option is out of its range.
    explicit JsonClient(ClientOptions options = {});
    ~JsonClient();

    /// The connection goes along.
    JsonClient(JsonClient&&) noexcept;

    /// Closes the connection that was here before.
    JsonClient& operator=(JsonClient&&) noexcept;

    /// Connects as the RetryPolicy says; does nothing if connected. After a close, or when the
    /// connection broke, the same client connects again. Throws ConnectError after the last
    /// attempt, at the deadline, and at once for a name that does not exist or a certificate that
    /// is not accepted. A server that does not accept the client's may say so only when something
    /// is read (TlsError).
    void connect();

    /// Sends one message. Throws UsageError (MessageTooLarge), with nothing sent, if it cannot be
    /// sent; TimeoutError or ConnectionError with the connection closed; ConnectionClosed if not
    /// connected.
    void send_obj(const json& message);

    /// Sends messages in one write, and none of them if one cannot be sent. Their replies come one
    /// after the other: a client that has many questions under way at a time gets some ten times as
    /// many answers in the same time. Not more than socket buffers hold, a few hundred KiB to be
    /// safe: a server whose replies are not read stops reading, which ends in a TimeoutError.
    void send_objs(std::span<const json> messages);

    /// The next message. Throws TimeoutError if none has begun within recv_timeout (a later call
    /// gets it), and what an unfinished or malformed one leads to: error.hpp has the list.
    json read_obj();

    /// The same into a tree that is there already, as fast as a server reads: what `reply` consists
    /// of is used again if it is of the same shape. After an error its value is unspecified.
    void read_obj(json& reply);

    /// As read_obj(), but waits for `timeout` for a message to begin, and nothing is no error.
    std::optional<json> try_read_obj(std::chrono::milliseconds timeout);

    /// Sends a message and reads the next one. A time-out closes the connection: a reply that came
    /// late would be taken for that to the next request.
    json request(const json& message);

    /// The same with the reply in a tree that is there already; see read_obj().
    void request(const json& message, json& reply);

    /// As send_obj(), for programs that bring their own parser: `payload` must be one JSON text, as
    /// validate() checks.
    void send_payload(std::string_view payload);

    /// As read_obj(), with the text as it came, unchecked.
    std::string read_payload();

    /// As try_read_obj().
    std::optional<std::string> try_read_payload(std::chrono::milliseconds timeout);

    /// Closes the connection. The second call does nothing.
    void close() noexcept;

    /// Not closed by this side and not known to be closed by the other, which shows only when
    /// sending or reading.
    bool connected() const noexcept;

    /// As given to the constructor.
    const ClientOptions& options() const noexcept;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jsocket
