// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temporary_directory.hpp"

#include <jsocket/tls_options.hpp>

#include <chrono>
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <vector>

namespace test_support {

/// What a certificate says.
struct CertificateRequest {
    std::string common_name;
    std::vector<std::string> dns_names = {};
    std::vector<std::string> ip_addresses = {};
    bool authority = false;
    std::chrono::seconds not_before = -std::chrono::hours(1);  // from now
    std::chrono::seconds not_after = std::chrono::hours(24);
};

/// A certificate and its private key, on the curve P-256; copies share both.
class Certificate {
  public:
    static Certificate self_signed(const CertificateRequest& request);

    /// One that this one signs.
    Certificate issue(const CertificateRequest& request) const;

    std::string certificate_pem() const;
    std::string key_pem() const;

    /// The same, encrypted.
    std::string key_pem(const std::string& password) const;

    X509* certificate() const { return certificate_.get(); }
    EVP_PKEY* key() const { return key_.get(); }

  private:
    Certificate(std::shared_ptr<X509> certificate, std::shared_ptr<EVP_PKEY> key)
        : certificate_(std::move(certificate)), key_(std::move(key)) {}

    std::shared_ptr<X509> certificate_;
    std::shared_ptr<EVP_PKEY> key_;
};

/// One authority, a server "localhost" and 127.0.0.1 and ::1, a client "worker 7", and room for
/// more, as the files that the library's options name.
///
/// Threads: what takes a certificate writes it to a file, and is for one thread at a time.
class CertificateFiles {
  public:
    CertificateFiles();

    /// Writes a file and returns its path.
    std::string save(const std::string& name, const std::string& text) const;
    std::string path(const std::string& name) const { return directory_ / name; }

    /// Options of a server: with its own certificate, or with another.
    jsocket::TlsServerOptions server_options() const;
    jsocket::TlsServerOptions server_options(const Certificate& certificate) const;

    /// The same, with clients that need a certificate from `authority`.
    jsocket::TlsServerOptions mutual_options() const;

    /// Options of a client that trusts `authority`, without and with a certificate of its own.
    jsocket::TlsClientOptions client_options() const;
    jsocket::TlsClientOptions client_options(const Certificate& certificate) const;

    const Certificate authority =
        Certificate::self_signed({.common_name = "Test authority", .authority = true});
    const Certificate server = authority.issue({.common_name = "server",
                                                .dns_names = {"localhost"},
                                                .ip_addresses = {"127.0.0.1", "::1"}});
    const Certificate client = authority.issue({.common_name = "worker 7"});

  private:
    TemporaryDirectory directory_;
};

}  // namespace test_support
