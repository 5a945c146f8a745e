// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/peer_credentials.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket {

class Session;

/// Names one connection of a server; never used again for another.
using SessionId = std::uint64_t;

/// What a server does with what a client sends. One does not derive from it directly but from
/// ThreadedServer, which is its own handler, or from ServerFactoryThread, one for each client.
///
/// Threads:  hooks run on the thread that serves the client, one at a time. send_obj() and
///           disconnect_client() may be called from any thread, and from hooks.
/// Errors:   an exception of any type that leaves a hook costs the client its connection, with no
///           reply, and is counted; the server goes on. Its thread is not to be ended or cancelled
///           in a hook (pthread_exit), which ends the process.
class MessageHandler {
  public:
    virtual ~MessageHandler();
    MessageHandler(const MessageHandler&) = delete;
    MessageHandler& operator=(const MessageHandler&) = delete;

    /// Sends the client a message it did not ask for. Throws UsageError if no client is connected
    /// or the message cannot be sent, TimeoutError or ConnectionError with the client disconnected.
    void send_obj(const json& message);

    /// Is a client connected now?
    bool connected() const;

    /// Ends the client's connection, after the hook that is running. Does nothing without a client.
    void disconnect_client() noexcept;

  protected:
    /// So that hooks can say `json`.
    using json = jsocket::json;

    MessageHandler();

    /// Answers one message. Empty sends nothing; null is a reply like any other.
    ///
    /// `message` is the hook's to read, change or move from, while the hook runs; it belongs to the
    /// server, which uses it again for the next message, so copy or move out what is to be kept.
    /// The definition here throws UsageError.
    ///
    /// Replies to messages that arrived together leave together: a hook must not wait for what its
    /// client does on an earlier reply.
    virtual std::optional<json> process_message(json& message);

    /// The same for hooks that bring their own parser: overriding it skips the tree. `payload` is
    /// one message's text as it came, of the right size but otherwise unchecked, see validate();
    /// `reply` is empty and becomes the reply, one JSON text, sent unchecked; left empty, nothing
    /// is sent. The definition here parses, calls identify() and process_message(), and makes
    /// `reply` what that returns; it throws UsageError if process_message() calls it, whose message
    /// it would overwrite.
    virtual void process_payload(std::string_view payload, std::string& reply);

    /// A client has connected, its TLS handshake included; no message has been read from it.
    virtual void on_connect() {}

    /// Nothing more is read from the client. For layers that answer on other threads: waits until
    /// what they have under way has been answered. on_disconnect() comes next.
    virtual void drain() {}

    /// The client has gone, or is about to be disconnected. Follows every on_connect() that did
    /// not throw.
    virtual void on_disconnect() {}

    /// Something, as counted in Failure, ended the connection; on_disconnect() comes next, if there
    /// was an on_connect(): a TLS handshake may fail before it. What is not derived from
    /// std::exception arrives as an Error.
    virtual void on_error(const std::exception& error);

    /// A client has asked for statistics (ServerOptions::answer_stats): `result` is what it is
    /// going to get, and members may be added, for what a derived class counts itself. Within the
    /// limits of messages; of what is too big, only an error is sent.
    virtual void on_stats(json& result);

    /// The client's address, "127.0.0.1:40312" or "unix:PATH". In hooks only.
    const std::string& peer() const;

    /// Who the client is, as the kernel or a certificate vouches for it. In hooks only.
    PeerCredentials credentials() const;

    /// In hooks only.
    SessionId session_id() const;

    /// Names the client for the statistics, as a member `client` of a message does. In hooks only.
    void identify(std::string_view client);

    /// What serves the client, for layers that answer on other threads. In hooks only.
    std::shared_ptr<Session> session() const;

  private:
    friend class Session;
    void attach(std::shared_ptr<Session> session);
    void detach();

    class Current;
    std::unique_ptr<Current> current_;
};

}  // namespace jsocket
