// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.hpp"

#include <atomic>
#include <fstream>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <utility>

namespace test_support {
namespace {

void check(bool success, const char* what) {
    if (!success) throw std::runtime_error(std::string("certificates: ") + what);
}

std::shared_ptr<EVP_PKEY> new_key() {
    std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    check(key != nullptr, "no key");
    return key;
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), X509_EXTENSION_free);
    check(extension != nullptr, "extension");
    check(X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

std::string alternative_names(const CertificateRequest& request) {
    std::string names;
    for (const std::string& name : request.dns_names) names += ",DNS:" + name;
    for (const std::string& address : request.ip_addresses) names += ",IP:" + address;
    return names.empty() ? names : names.substr(1);
}

void set_name(X509* certificate, const std::string& common_name) {
    const auto* const text = reinterpret_cast<const unsigned char*>(common_name.c_str());
    X509_NAME* const name = X509_get_subject_name(certificate);
    check(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1, "name");
}

std::shared_ptr<X509> new_certificate(const CertificateRequest& request, EVP_PKEY* key,
                                      X509* issuer, EVP_PKEY* issuer_key) {
    static std::atomic<long> serial{1};
    std::shared_ptr<X509> result(X509_new(), X509_free);
    X509* const certificate = result.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), request.not_before.count());
    X509_gmtime_adj(X509_getm_notAfter(certificate), request.not_after.count());
    X509_set_pubkey(certificate, key);
    set_name(certificate, request.common_name);
    if (!issuer) issuer = certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    add_extension(certificate, issuer, NID_basic_constraints,
                  request.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (const std::string names = alternative_names(request); !names.empty()) {
        add_extension(certificate, issuer, NID_subject_alt_name, names);
    }
    check(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "signature");
    return result;
}

/// What `write` writes into memory.
template <typename Write>
std::string written(Write write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
    check(write(memory.get()) == 1, "writing PEM");
    const char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

Certificate Certificate::self_signed(const CertificateRequest& request) {
    auto key = new_key();
    auto certificate = new_certificate(request, key.get(), nullptr, key.get());
    return {std::move(certificate), std::move(key)};
}

Certificate Certificate::issue(const CertificateRequest& request) const {
    auto key = new_key();
    auto certificate = new_certificate(request, key.get(), certificate_.get(), key_.get());
    return {std::move(certificate), std::move(key)};
}

std::string Certificate::certificate_pem() const {
    return written([this](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
}

std::string Certificate::key_pem() const {
    return written([this](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

std::string Certificate::key_pem(const std::string& password) const {
    return written([&](BIO* out) {
        return PEM_write_bio_PKCS8PrivateKey(out, key_.get(), EVP_aes_128_cbc(), password.data(),
                                             static_cast<int>(password.size()), nullptr, nullptr);
    });
}

CertificateFiles::CertificateFiles() {
    save("authority.pem", authority.certificate_pem());
    save("server.pem", server.certificate_pem());
    save("server.key", server.key_pem());
}

std::string CertificateFiles::save(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::trunc) << text;
    return path(name);
}

jsocket::TlsServerOptions CertificateFiles::server_options() const {
    return {.certificate = path("server.pem"), .key = path("server.key")};
}

jsocket::TlsServerOptions CertificateFiles::server_options(const Certificate& certificate) const {
    return {.certificate = save("other.pem", certificate.certificate_pem()),
            .key = save("other.key", certificate.key_pem())};
}

jsocket::TlsServerOptions CertificateFiles::mutual_options() const {
    jsocket::TlsServerOptions options = server_options();
    options.client_ca = path("authority.pem");
    return options;
}

jsocket::TlsClientOptions CertificateFiles::client_options() const {
    return {.ca = path("authority.pem")};
}

jsocket::TlsClientOptions CertificateFiles::client_options(const Certificate& certificate) const {
    jsocket::TlsClientOptions options = client_options();
    options.certificate = save("client.pem", certificate.certificate_pem());
    options.key = save("client.key", certificate.key_pem());
    return options;
}

}  // namespace test_support
