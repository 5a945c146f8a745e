// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"
#include "support/certificates.hpp"
#include "support/error_of.hpp"
#include "support/tls_peer.hpp"
#include "support/waiting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace test_support {

using jsocket::Failure;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

using EchoFactory = Running<ServerFactory<ScriptedWorker>>;

/// Certificates, and clients that use them.
class Tls : public testing::Test {
  protected:
    ServerOptions server_options() const { return {.tls = files.server_options()}; }
    ServerOptions mutual_options() const { return {.tls = files.mutual_options()}; }

    jsocket::ClientOptions client_options(std::uint16_t port,
                                          const jsocket::TlsClientOptions& tls) const {
        return {.port = port, .tls = tls, .recv_timeout = 3 * patience, .retry = {.attempts = 1}};
    }
    jsocket::ClientOptions client_options(std::uint16_t port) const {
        return client_options(port, files.client_options());
    }

    JsonClient connected(const jsocket::ClientOptions& options) const {
        JsonClient client(options);
        client.connect();
        return client;
    }
    JsonClient connected(std::uint16_t port) const { return connected(client_options(port)); }

    /// Why a client cannot connect.
    std::string refusal(const jsocket::ClientOptions& options) const {
        JsonClient client(options);
        return error_of<jsocket::ConnectError>([&] { client.connect(); })->what();
    }

    /// A foreign client whose handshake is over.
    static TlsPeer peer(std::uint16_t port, const TlsPeerOptions& options = {}) {
        TlsPeer peer(RawPeer::connect(port), options);
        peer.handshake();
        return peer;
    }

    /// One failure in all has been counted, of this kind.
    template <typename Server>
    static void expect_one(const Server& server, Failure failure) {
        EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
        EXPECT_EQ(failures(server.client_stats(), failure), 1u);
    }

    const CertificateFiles files;
};

/// The same for tests of what both kinds of server have in common.
template <typename Kind>
class TlsOfBothKinds : public Tls {
  public:
    using Server = Running<typename Kind::Server>;
    using Handler = typename Kind::Handler;
};

}  // namespace test_support
