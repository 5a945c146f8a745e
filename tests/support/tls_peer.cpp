// SPDX-License-Identifier: Apache-2.0
#include "support/tls_peer.hpp"

#include <array>
#include <openssl/err.h>
#include <stdexcept>
#include <utility>

namespace test_support {

TlsPeer::TlsPeer(RawPeer raw, const TlsPeerOptions& options)
    : raw_(std::move(raw)),
      context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
      ssl_(nullptr, SSL_free) {
    // Level 0 for versions that no sane client offers any more.
    SSL_CTX_set_security_level(context_.get(), options.version < TLS1_2_VERSION ? 0 : 1);
    SSL_CTX_set_min_proto_version(context_.get(), options.version);
    SSL_CTX_set_max_proto_version(context_.get(), options.version);
    if (options.certificate) {
        SSL_CTX_use_certificate(context_.get(), options.certificate->certificate());
        SSL_CTX_use_PrivateKey(context_.get(), options.certificate->key());
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
}

void TlsPeer::handshake() {
    for (;;) {
        raw_.send(advance());
        if (ready()) return;
        if (!pull()) throw std::runtime_error("TLS peer: the stream ended");
    }
}

std::string TlsPeer::advance() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1 && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) fail();
    return take_output();
}

bool TlsPeer::ready() const { return SSL_is_init_finished(ssl_.get()) == 1; }

bool TlsPeer::pull() {
    if (!raw_.readable(patience)) throw std::runtime_error("TLS peer: time-out");
    std::array<char, 65536> space;
    const ssize_t size = ::recv(raw_.fd(), space.data(), space.size(), MSG_DONTWAIT);
    if (size < 0) throw_errno("receive");
    wire_.append(space.data(), static_cast<std::size_t>(size));
    BIO_write(SSL_get_rbio(ssl_.get()), space.data(), static_cast<int>(size));
    return size > 0;
}

std::string TlsPeer::encrypt(std::string_view plain) {
    ERR_clear_error();
    std::size_t size = 0;
    if (!plain.empty() && SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &size) != 1) fail();
    return take_output();
}

std::string TlsPeer::receive(std::size_t size) {
    std::string received;
    std::array<char, 16384> space;
    while (received.size() < size) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(ssl_.get(), space.data(),
                                       std::min(space.size(), size - received.size()), &got);
        received.append(space.data(), got);
        if (result == 1) continue;
        const int error = SSL_get_error(ssl_.get(), result);
        if (error == SSL_ERROR_ZERO_RETURN) break;
        if (error != SSL_ERROR_WANT_READ) fail();
        if (!pull()) break;
    }
    return received;
}

std::string TlsPeer::close_notify() {
    SSL_shutdown(ssl_.get());
    return take_output();
}

std::string TlsPeer::renegotiation() {
    if (SSL_renegotiate(ssl_.get()) != 1) fail();
    SSL_do_handshake(ssl_.get());
    return take_output();
}

std::string TlsPeer::key_update(bool of_both_sides) {
    const int which = of_both_sides ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    if (SSL_key_update(ssl_.get(), which) != 1) fail();
    SSL_do_handshake(ssl_.get());
    return take_output();
}

std::string TlsPeer::server_name() const {
    std::array<char, 256> text{};
    const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl_.get()),
                                                             X509_free);
    if (!certificate) return {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, text.data(),
                              static_cast<int>(text.size()));
    return text.data();
}

bool TlsPeer::saw_close_notify() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string TlsPeer::take_output() {
    BIO* const output = SSL_get_wbio(ssl_.get());
    const char* data = nullptr;
    const long size = BIO_get_mem_data(output, &data);
    std::string bytes(data, static_cast<std::size_t>(size));
    BIO_reset(output);
    return bytes;
}

void TlsPeer::fail() {
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    throw std::runtime_error(std::string("TLS peer: ") + (reason ? reason : "failed"));
}

}  // namespace test_support
