// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/certificates.hpp"
#include "support/raw_peer.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace test_support {

struct TlsPeerOptions {
    int version = TLS1_3_VERSION;  // no other is offered
    const Certificate* certificate = nullptr;
};

/// A TLS client that is not the library's and trusts everybody. OpenSSL works in memory and the
/// test moves the bytes, so that it can stop, damage or look at them anywhere.
///
///     TlsPeer client(RawPeer::connect(server.port()));
///     client.handshake();
///     client.send(prefix_frame("[1]"));
///     EXPECT_EQ(client.receive(7), prefix_frame("[1]"));
class TlsPeer {
  public:
    explicit TlsPeer(RawPeer raw, const TlsPeerOptions& options = {});

    /// The whole handshake. Throws std::runtime_error with OpenSSL's reason if it fails.
    void handshake();

    /// Goes as far as what was received allows; returns what is to be sent.
    std::string advance();
    bool ready() const;

    /// Receives what is there, waiting for it; false at the end of the stream.
    bool pull();

    /// `plain` as it looks on the wire.
    std::string encrypt(std::string_view plain);
    void send(std::string_view plain) { raw_.send(encrypt(plain)); }

    /// The next `size` bytes, decrypted; fewer if the stream ends before. Throws
    /// std::runtime_error with the reason for an alert or a broken record.
    std::string receive(std::size_t size);
    std::string receive_until_end() { return receive(SIZE_MAX); }

    /// The bytes of a "close notify", of another handshake on the same connection (TLS 1.2), and of
    /// the wish for new keys, on both sides or its own (TLS 1.3).
    std::string close_notify();
    std::string renegotiation();
    std::string key_update(bool of_both_sides = true);

    /// The common name in the server's certificate.
    std::string server_name() const;

    /// Has the other side said that this is the end?
    bool saw_close_notify() const;

    RawPeer& raw() { return raw_; }

    /// Everything that was received, as it came.
    const std::string& wire() const { return wire_; }

  private:
    std::string take_output();
    [[noreturn]] void fail();

    RawPeer raw_;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
    std::string wire_;
};

}  // namespace test_support
