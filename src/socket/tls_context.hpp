// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/socket/stream.hpp>
#include <jsocket/tls_options.hpp>

#include <memory>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace jsocket {

/// Certificates, keys and trusted authorities, read once and shared by connections; one that a
/// connection was made with lives as long as that.
///
/// Threads: immutable; any thread may make streams of it.
/// Errors:  the constructors throw UsageError for a file that is missing or wrong, and name it.
class TlsContext {
  public:
    explicit TlsContext(const TlsServerOptions& options);
    explicit TlsContext(const TlsClientOptions& options);

    /// The server's end of an encrypted connection over `stream`; handshake() comes next.
    std::unique_ptr<Stream> accept(std::unique_ptr<Stream> stream) const;

    /// The client's end, to the server of this name.
    std::unique_ptr<Stream> connect(std::unique_ptr<Stream> stream, const std::string& host) const;

  private:
    std::shared_ptr<ssl_ctx_st> context_;
    std::chrono::milliseconds handshake_timeout_;
    bool plain_too_ = false;
    std::string host_name_;
    bool check_host_name_ = true;
};

}  // namespace jsocket
