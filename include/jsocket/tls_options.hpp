// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace jsocket {

/// How a server's connections are encrypted: TLS 1.2 or 1.3, without renegotiation. Files are in
/// PEM, and are read when the server is made, before it listens; what is missing, cannot be read or
/// does not fit is a UsageError that names the setting.
struct TlsServerOptions {
    /// File of the server's certificate, followed by those of intermediate authorities, if any.
    std::string certificate;

    /// File of its private key, not encrypted. Security: readable by the server's user alone.
    std::string key;

    /// File of the authorities that clients' certificates have to be from. If given, a client
    /// without such a certificate is disconnected ("mutual TLS").
    std::string client_ca = {};

    /// Security: how long a client may take until it is ready to send its first message.
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);

    /// Also serves clients that speak no TLS, on the same port; the first byte decides. Until it
    /// has come, on_connect() is not called, and a client that waits for the server to begin is cut
    /// at handshake_timeout. Not together with client_ca.
    bool plain_too = false;
};

/// The same for a client, which reads the files when it is made, before it connects.
struct TlsClientOptions {
    /// File of the authorities that the server's certificate has to be from; those that the system
    /// trusts if empty.
    std::string ca = {};

    /// File of the client's own certificate, for servers that ask for one.
    std::string certificate = {};

    /// File of its private key, not encrypted; both or neither.
    std::string key = {};

    /// The name or IP address that the server's certificate has to have; the one that is connected
    /// to if empty. Needed with a UNIX-domain socket.
    std::string host_name = {};

    /// Security: without it anybody with any certificate from such an authority passes for the
    /// server.
    bool check_host_name = true;

    /// How long connecting may take once the server has accepted; RetryPolicy::deadline holds as
    /// well.
    std::chrono::milliseconds handshake_timeout = std::chrono::seconds(10);
};

}  // namespace jsocket
