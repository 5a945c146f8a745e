// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"

#include <jsocket/socket/stream.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ssl_st;      // OpenSSL's SSL
struct ssl_ctx_st;  // and SSL_CTX

namespace jsocket {

/// Encryption over another stream, which does all the waiting: OpenSSL sees memory only, so that
/// time-outs and interruptions are those of any stream, and no lock is held while a thread waits.
class TlsStream : public Stream {
  public:
    static std::unique_ptr<Stream> server(std::unique_ptr<Stream> stream, ssl_ctx_st& context,
                                          std::chrono::milliseconds handshake_timeout,
                                          bool plain_too);

    /// `host` is the name or address that the server's certificate has to have, if it is checked.
    static std::unique_ptr<Stream> client(std::unique_ptr<Stream> stream, ssl_ctx_st& context,
                                          std::chrono::milliseconds handshake_timeout,
                                          const std::string& host, bool check_host);

    void handshake(Deadline deadline) override;
    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override;
    void write_all(std::string_view bytes, Pace pace) override;
    std::size_t write_some(std::string_view bytes) override;
    std::size_t unsent() const override;
    int descriptor() const noexcept override { return stream_->descriptor(); }
    std::uint64_t received() const override { return total_received_; }
    void interrupt() noexcept override;
    void await_delivery(std::chrono::milliseconds timeout) noexcept override {
        stream_->await_delivery(timeout);
    }
    void finish_writing() noexcept override;
    void shutdown() noexcept override;
    void acknowledge_now() noexcept override { stream_->acknowledge_now(); }
    std::string peer() const override { return stream_->peer(); }
    PeerCredentials credentials() const override;

  private:
    using Ssl = std::unique_ptr<ssl_st, void (*)(ssl_st*)>;

    TlsStream(std::unique_ptr<Stream> stream, Ssl ssl, std::chrono::milliseconds handshake_timeout)
        : stream_(std::move(stream)), handshake_timeout_(handshake_timeout), ssl_(std::move(ssl)) {}

    bool begins_with_tls(Deadline deadline);
    void receive_for_handshake(Deadline deadline);
    bool advance_handshake(Deadline deadline);
    void feed(std::size_t size);
    std::optional<std::size_t> decrypt(std::span<char> space);
    void check_end();
    std::optional<std::size_t> read_past(std::span<char> space, Deadline deadline);
    std::optional<std::size_t> read_plain(std::span<char> space, Deadline deadline);
    void encrypt(std::string_view bytes) JSOCKET_REQUIRES(writing_);
    void send_encrypted(Pace pace) JSOCKET_REQUIRES(writing_);
    bool send_some_encrypted() JSOCKET_REQUIRES(writing_);
    void collect() JSOCKET_REQUIRES(writing_) JSOCKET_REQUIRES(mutex_);
    void say_goodbye() noexcept;
    std::string hint(long verdict) const;
    [[noreturn]] void fail_handshake() JSOCKET_REQUIRES(mutex_);
    [[noreturn]] void fail(const char* otherwise = "it is over");

    // Longer records than this, of which each has 16 KiB at most, do not exist (RFC 8446, 5.2).
    static constexpr std::size_t largest_record = 16 * 1024 + 256 + 5;

    const std::unique_ptr<Stream> stream_;
    const std::chrono::milliseconds handshake_timeout_;
    bool server_ = false;
    bool plain_too_ = false;
    std::string expected_host_;        // for an error's text
    std::atomic<bool> plain_{false};   // as the client's first byte has decided
    std::atomic<bool> failed_{false};  // whatever comes, it is not to be decrypted any more

    // The reading thread's: [received_begin_, received_end_) of what was received is still to be
    // given out, if it was not encrypted.
    std::array<char, largest_record> received_;
    std::size_t received_begin_ = 0;
    std::size_t received_end_ = 0;
    std::uint64_t total_received_ = 0;
    std::size_t without_text_ = 0;  // bytes received since any could be given out
    std::string certificate_subject_;

    std::atomic<bool> interrupted_{false};

    mutable Mutex writing_;  // taken before mutex_
    std::string encrypted_ JSOCKET_GUARDED_BY(writing_);
    std::size_t begun_ JSOCKET_GUARDED_BY(writing_) = 0;  // bytes of encrypted_ that have left
    bool cut_ JSOCKET_GUARDED_BY(writing_) = false;  // after a failure nobody knows how many have

    Mutex mutex_;
    const Ssl ssl_;  // what it points to is guarded by mutex_
};

}  // namespace jsocket
