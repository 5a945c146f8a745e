// SPDX-License-Identifier: Apache-2.0
#include "socket/tls_names.hpp"

#include "core/utf8.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string_view>

namespace jsocket {
namespace {

/// A text in the form of RFC 2253, with what OpenSSL leaves of control characters as that form
/// escapes bytes. Security: programs print it and log it.
std::string without_harmful_characters(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    while (!text.empty()) {
        const std::size_t harmful = harmful_character(text);
        for (const char c : text.substr(0, harmful)) {
            const auto byte = static_cast<unsigned char>(c);
            out += {'\\', digits[byte >> 4], digits[byte & 0xFU]};
        }
        if (harmful == 0) out += text.front();
        text.remove_prefix(std::max<std::size_t>(harmful, 1));
    }
    return out;
}

}  // namespace

void expect_host(SSL* ssl, const std::string& host) {
    X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1) return;
    X509_VERIFY_PARAM_set_hostflags(
        expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    // Security: OpenSSL leaves an empty name unchecked, and takes one that begins with a dot for
    // any name in that domain.
    if (host.empty() || host.front() == '.' ||
        X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size()) != 1) {
        throw UsageError("\"" + printable(host, 200) +
                         "\" is no name that a certificate can have; tls.host_name sets another");
    }
}

bool is_ip_address(const std::string& host) {
    ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return address != nullptr;
}

std::string certificate_subject(const SSL* ssl) {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(SSL_get1_peer_certificate(ssl),
                                                             X509_free);
    if (!certificate) return {};
    const std::unique_ptr<BIO, int (*)(BIO*)> text(BIO_new(BIO_s_mem()), BIO_free);
    if (!text) throw std::bad_alloc();
    // Security: half a name could be somebody else's.
    if (X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate.get()), 0,
                           XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0) {
        throw std::bad_alloc();
    }
    const char* data = nullptr;
    const long size = BIO_get_mem_data(text.get(), &data);
    return without_harmful_characters({data, static_cast<std::size_t>(std::max(size, 0L))});
}

}  // namespace jsocket
