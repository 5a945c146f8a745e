// SPDX-License-Identifier: Apache-2.0
#include "socket/tls_stream.hpp"

#include "core/rate_deadline.hpp"
#include "socket/tls_errors.hpp"
#include "socket/tls_names.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <new>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <utility>

namespace jsocket {
namespace {

// The first byte of every connection that begins with TLS: a record of the handshake (RFC 8446,
// 5.1). No message of ours begins with it.
constexpr char handshake_record = 0x16;

constexpr std::size_t largest_piece = 16 * 1024;

// Security: what the other end asks of OpenSSL itself, such as new keys or another handshake, is
// answered with whatever is sent next. One that asks all the time and reads no message would have
// the answers fill the memory; an honest one asks once in a million messages.
constexpr std::size_t most_unsent = 4 * 1024;

// Security: the same for what needs no answer. More than any record, so that one that is not whole
// yet is no offence.
constexpr std::size_t most_without_text = 64 * 1024;

using SslPointer = std::unique_ptr<SSL, void (*)(SSL*)>;

/// With memory in place of a socket.
SslPointer new_ssl(SSL_CTX& context) {
    SslPointer ssl(SSL_new(&context), SSL_free);
    BIO* const incoming = BIO_new(BIO_s_mem());
    BIO* const outgoing = BIO_new(BIO_s_mem());
    if (!ssl || !incoming || !outgoing) {
        BIO_free(incoming);
        BIO_free(outgoing);
        throw std::bad_alloc();
    }
    BIO_set_mem_eof_return(incoming, -1);  // "nothing yet", not "the end"
    SSL_set_bio(ssl.get(), incoming, outgoing);
    SSL_set_mode(ssl.get(), SSL_MODE_RELEASE_BUFFERS);
    return ssl;
}

}  // namespace

std::unique_ptr<Stream> TlsStream::server(std::unique_ptr<Stream> stream, SSL_CTX& context,
                                          std::chrono::milliseconds handshake_timeout,
                                          bool plain_too) {
    auto ssl = new_ssl(context);
    SSL_set_accept_state(ssl.get());
    std::unique_ptr<TlsStream> result(
        new TlsStream(std::move(stream), std::move(ssl), handshake_timeout));
    result->server_ = true;
    result->plain_too_ = plain_too;
    return result;
}

std::unique_ptr<Stream> TlsStream::client(std::unique_ptr<Stream> stream, SSL_CTX& context,
                                          std::chrono::milliseconds handshake_timeout,
                                          const std::string& host, bool check_host) {
    auto ssl = new_ssl(context);
    SSL_set_connect_state(ssl.get());
    // RFC 6066, 3: a server of several names is told which one is meant; addresses are not names.
    if (!host.empty() && !is_ip_address(host)) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    if (check_host) expect_host(ssl.get(), host);
    std::unique_ptr<TlsStream> result(
        new TlsStream(std::move(stream), std::move(ssl), handshake_timeout));
    if (check_host) result->expected_host_ = " (it has to be for " + printable(host, 200) + ')';
    return result;
}

void TlsStream::handshake(Deadline deadline) {
    deadline = std::min(deadline, deadline_after(handshake_timeout_));
    if (server_ && !begins_with_tls(deadline)) {
        if (plain_too_) {
            plain_ = true;
            return;
        }
        failed_ = true;
        throw TlsError(peer() + " does not speak TLS");
    }
    while (!advance_handshake(deadline)) {
        receive_for_handshake(deadline);
        feed(received_end_);
    }
    received_begin_ = received_end_ = 0;
    const Lock lock(mutex_);
    certificate_subject_ = certificate_subject(ssl_.get());
}

/// Receives the client's first bytes.
bool TlsStream::begins_with_tls(Deadline deadline) {
    receive_for_handshake(deadline);
    if (received_.front() != handshake_record) return false;
    feed(received_end_);
    return true;
}

void TlsStream::receive_for_handshake(Deadline deadline) {
    const auto size = stream_->read_some(received_, deadline);
    if (!size) throw TimeoutError("the TLS handshake with " + peer() + " took too long");
    if (*size == 0) {
        throw ConnectionClosed("socket connection broken: " + peer() +
                                   " closed it before the TLS handshake was over" +
                                   (server_ ? "" : "; does it speak TLS?"),
                               false);
    }
    received_begin_ = 0;
    received_end_ = *size;
}

/// Goes as far as what was received allows, and answers. Is the handshake over?
bool TlsStream::advance_handshake(Deadline deadline) {
    const Lock writing(writing_);
    bool over = false;
    bool failed = false;
    {
        const Lock lock(mutex_);
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl_.get());
        over = result == 1;
        failed = !over && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ;
        collect();
    }
    try {
        // What the other end is to know of a failure, too.
        const std::chrono::milliseconds left(poll_timeout(deadline));
        send_encrypted(deadline == no_deadline ? no_timeout : left);
        encrypted_.shrink_to_fit();
    } catch (const Error&) {
        if (!failed) throw;
    }
    const Lock lock(mutex_);
    if (failed) fail_handshake();
    return over;
}

/// What somebody may do who is told that the other end's certificate is not accepted.
std::string TlsStream::hint(long verdict) const {
    switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return expected_host_;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return server_ ? "; tls.client_ca has the authorities of clients"
                           : "; tls.ca has the authorities that are trusted";
        default:
            return {};
    }
}

void TlsStream::fail_handshake() {
    failed_ = true;
    const std::string start = "the TLS handshake with " + peer() + " failed: ";
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK) {
        throw TlsError(start + "its certificate is not accepted: " +
                       X509_verify_cert_error_string(verdict) + hint(verdict));
    }
    throw TlsError(start + printable(take_tls_error("it does not speak TLS"), 200));
}

/// Hands the first `size` received bytes to OpenSSL.
void TlsStream::feed(std::size_t size) {
    const Lock lock(mutex_);
    if (BIO_write(SSL_get_rbio(ssl_.get()), received_.data(), static_cast<int>(size)) !=
        static_cast<int>(size)) {
        throw std::bad_alloc();
    }
}

std::optional<std::size_t> TlsStream::read_some(std::span<char> space, Deadline deadline) {
    if (plain_) return read_plain(space, deadline);
    if (failed_) return read_past(space, deadline);
    for (;;) {
        if (const auto size = decrypt(space)) {
            without_text_ = 0;
            return size;
        }
        if (without_text_ > most_without_text) fail("it sends a great deal, but no message");
        const auto size = stream_->read_some(received_, deadline);
        if (size && *size == 0 && !interrupted_) check_end();
        if (!size || *size == 0) return size;
        total_received_ += *size;
        without_text_ += *size;
        feed(*size);
    }
}

/// Who reads on after a failure just waits for the other end to have read what there is to it. What
/// it sends meanwhile is not to be taken for anything.
std::optional<std::size_t> TlsStream::read_past(std::span<char> space, Deadline deadline) {
    const auto size = stream_->read_some(received_, deadline);
    if (!size || *size == 0) return size;
    space.front() = '\0';
    return 1;
}

/// Throws if what was received ends within a record: none of that has been given out, and so to
/// whoever reads it would look like an end between two messages.
void TlsStream::check_end() {
    const Lock lock(mutex_);
    const bool header_read = std::string_view(SSL_rstate_string(ssl_.get())) == "RB";
    if (!header_read && SSL_has_pending(ssl_.get()) == 0) return;
    failed_ = true;
    throw ConnectionClosed(
        "socket connection broken: " + peer() + " closed it in the middle of a TLS record", true);
}

/// Nothing if more bytes are needed.
std::optional<std::size_t> TlsStream::decrypt(std::span<char> space) {
    const Lock lock(mutex_);
    ERR_clear_error();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), space.data(), space.size(), &size);
    if (BIO_ctrl_pending(SSL_get_wbio(ssl_.get())) > most_unsent) {
        ERR_clear_error();
        fail("it asks for new keys or another handshake all the time");
    }
    if (result == 1) return size;
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            return std::nullopt;
        case SSL_ERROR_ZERO_RETURN:
            return 0;
        default:
            fail();
    }
}

void TlsStream::fail(const char* otherwise) {
    failed_ = true;
    throw TlsError("socket connection broken: TLS with " + peer() + ": " +
                   printable(take_tls_error(otherwise), 200));
}

std::optional<std::size_t> TlsStream::read_plain(std::span<char> space, Deadline deadline) {
    if (received_begin_ == received_end_) return stream_->read_some(space, deadline);
    const std::size_t size = std::min(space.size(), received_end_ - received_begin_);
    std::copy_n(received_.data() + received_begin_, size, space.data());
    received_begin_ += size;
    return size;
}

void TlsStream::write_all(std::string_view bytes, Pace pace) {
    if (plain_) return stream_->write_all(bytes, pace);
    const Lock writing(writing_);
    if (!encrypted_.empty()) send_encrypted(pace);
    RateDeadline paced(pace.timeout, pace.rate);
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, largest_piece);
        encrypt(piece);
        send_encrypted(pace);
        bytes.remove_prefix(piece.size());
        paced.advance(piece.size());
        if (pace.rate > 0 && paced.end() != no_deadline) {
            pace.timeout = std::chrono::milliseconds(poll_timeout(paced.end()));
        }
    }
}

/// A record at a time: no more than one is held back.
std::size_t TlsStream::write_some(std::string_view bytes) {
    if (plain_) return stream_->write_some(bytes);
    const Lock writing(writing_);
    std::size_t taken = 0;
    while (send_some_encrypted() && taken < bytes.size()) {
        const std::string_view piece = bytes.substr(taken, largest_piece);
        encrypt(piece);
        taken += piece.size();
    }
    return taken;
}

std::size_t TlsStream::unsent() const {
    const Lock writing(writing_);
    return encrypted_.size() - begun_;
}

void TlsStream::send_encrypted(Pace pace) {
    if (cut_) fail();
    cut_ = true;
    stream_->write_all(std::string_view(encrypted_).substr(begun_), pace);
    cut_ = false;
    encrypted_.clear();
    begun_ = 0;
}

/// Without waiting. Is it all?
bool TlsStream::send_some_encrypted() {
    if (encrypted_.empty()) return true;
    if (cut_) fail();
    cut_ = true;
    begun_ += stream_->write_some(std::string_view(encrypted_).substr(begun_));
    cut_ = false;
    if (begun_ < encrypted_.size()) return false;
    encrypted_.clear();
    begun_ = 0;
    return true;
}

void TlsStream::encrypt(std::string_view bytes) {
    const Lock lock(mutex_);
    ERR_clear_error();
    std::size_t size = 0;
    if (failed_ || cut_ || SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size) != 1) fail();
    collect();
}

/// Puts what OpenSSL has for the other end behind encrypted_.
void TlsStream::collect() {
    BIO* const outgoing = SSL_get_wbio(ssl_.get());
    const char* data = nullptr;
    const long size = BIO_get_mem_data(outgoing, &data);
    if (size > 0) encrypted_.append(data, static_cast<std::size_t>(size));
    BIO_reset(outgoing);
}

void TlsStream::interrupt() noexcept {
    interrupted_ = true;
    stream_->interrupt();
}

void TlsStream::finish_writing() noexcept {
    say_goodbye();
    stream_->finish_writing();
}

void TlsStream::shutdown() noexcept {
    interrupted_ = true;
    say_goodbye();
    stream_->shutdown();
}

/// Tells the other end that this is the end and no attack; unless a thread is writing, or part of a
/// record has not left, behind which it would make no sense; or this would have to wait.
void TlsStream::say_goodbye() noexcept {
    if (plain_ || !writing_.try_lock()) return;
    try {
        if (!cut_ && encrypted_.empty()) {
            {
                const Lock lock(mutex_);
                ERR_clear_error();
                SSL_shutdown(ssl_.get());
                ERR_clear_error();
                collect();
            }
            send_encrypted(std::chrono::milliseconds::zero());
        }
    } catch (const std::exception&) {
        // A courtesy only.
    }
    writing_.unlock();
}

PeerCredentials TlsStream::credentials() const {
    PeerCredentials credentials = stream_->credentials();
    credentials.certificate_subject = certificate_subject_;
    return credentials;
}

}  // namespace jsocket
