// SPDX-License-Identifier: Apache-2.0
#include "socket/tls_context.hpp"

#include "socket/tls_errors.hpp"
#include "socket/tls_stream.hpp"

#include <jsocket/error.hpp>

#include <cerrno>
#include <fcntl.h>
#include <new>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace jsocket {
namespace {

[[noreturn]] void fail(const char* setting, const std::string& path, const std::string& problem) {
    throw UsageError(std::string(setting) + " is \"" + path + "\": " + problem);
}

/// OpenSSL's words for a missing file are those of its innards; the system's are clear.
void check_readable(const char* setting, const std::string& path) {
    if (path.empty()) {
        throw UsageError(std::string(setting) + " is empty; give the path of a file in PEM");
    }
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) fail(setting, path, std::generic_category().message(errno));
    struct stat file {};
    const bool folder = ::fstat(fd, &file) == 0 && S_ISDIR(file.st_mode);
    ::close(fd);
    if (folder) fail(setting, path, "it is a folder; give the path of a file in PEM");
}

/// What is wrong with a file that should have had `what` in it, in words for who made it.
std::string problem(const char* what) {
    const std::string reason = take_tls_error("unknown reason");
    if (reason == "interrupted or cancelled") {
        return std::string(what) + " has a password; take it away with `openssl pkey`";
    }
    const bool none = reason == "no start line" || reason == "unsupported" ||
                      reason == "no certificate or crl found";
    return none ? std::string("there is no ") + what + " in PEM in it"
                : std::string(what) + " in PEM is of no use: " + reason;
}

/// An encrypted key would have OpenSSL ask for its password at the terminal.
int no_password(char*, int, int, void*) { return -1; }

std::shared_ptr<SSL_CTX> new_context(const SSL_METHOD* method) {
    ERR_clear_error();
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context) throw std::bad_alloc();
    // The system's configuration may ask for more.
    if (SSL_CTX_get_min_proto_version(context.get()) < TLS1_2_VERSION) {
        SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    }
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_default_passwd_cb(context.get(), no_password);
    return context;
}

void use_certificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
    check_readable("tls.certificate", certificate);
    check_readable("tls.key", key);
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
        fail("tls.certificate", certificate, problem("certificate"));
    }
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        // Compared with the certificate already here.
        const unsigned long code = ERR_peek_error();
        const bool mismatch = ERR_GET_LIB(code) == ERR_LIB_X509;
        fail("tls.key", key,
             mismatch ? "it is not the key of tls.certificate \"" + certificate + '"'
                      : problem("private key"));
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        fail("tls.key", key,
             "it is not the key of tls.certificate \"" + certificate +
                 "\": " + take_tls_error("mismatch"));
    }
}

void trust(SSL_CTX* context, const char* setting, const std::string& path) {
    check_readable(setting, path);
    if (SSL_CTX_load_verify_file(context, path.c_str()) != 1) {
        fail(setting, path, problem("certificate"));
    }
}

}  // namespace

std::string take_tls_error(const std::string& otherwise) {
    const unsigned long code = ERR_peek_error();
    const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
    std::string text = reason ? reason : otherwise;
    ERR_clear_error();
    return text;
}

TlsContext::TlsContext(const TlsServerOptions& options)
    : context_(new_context(TLS_server_method())),
      handshake_timeout_(options.handshake_timeout),
      plain_too_(options.plain_too) {
    use_certificate(context_.get(), options.certificate, options.key);
    // A session that is resumed would be one of earlier certificates; and a ticket is one more
    // thing that a client which never reads would have to be sent.
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context_.get(), 0);
    if (options.client_ca.empty()) return;
    trust(context_.get(), "tls.client_ca", options.client_ca);
    // Tells clients, which may have several certificates, whose to send.
    SSL_CTX_set_client_CA_list(context_.get(), SSL_load_client_CA_file(options.client_ca.c_str()));
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

TlsContext::TlsContext(const TlsClientOptions& options)
    : context_(new_context(TLS_client_method())),
      handshake_timeout_(options.handshake_timeout),
      host_name_(options.host_name),
      check_host_name_(options.check_host_name) {
    if (!options.certificate.empty() || !options.key.empty()) {
        use_certificate(context_.get(), options.certificate, options.key);
    }
    if (options.ca.empty()) {
        if (SSL_CTX_set_default_verify_paths(context_.get()) != 1) {
            throw UsageError("tls.ca is empty, and the system's authorities cannot be read: " +
                             take_tls_error("unknown reason"));
        }
    } else {
        trust(context_.get(), "tls.ca", options.ca);
    }
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
}

std::unique_ptr<Stream> TlsContext::accept(std::unique_ptr<Stream> stream) const {
    return TlsStream::server(std::move(stream), *context_, handshake_timeout_, plain_too_);
}

std::unique_ptr<Stream> TlsContext::connect(std::unique_ptr<Stream> stream,
                                            const std::string& host) const {
    std::string name = host_name_.empty() ? host : host_name_;
    if (name.ends_with('.')) name.pop_back();  // says that it is complete; no certificate has it
    return TlsStream::client(std::move(stream), *context_, handshake_timeout_, name,
                             check_host_name_);
}

}  // namespace jsocket
