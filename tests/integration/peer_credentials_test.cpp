// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace {

using namespace test_support;
using jsocket::PeerCredentials;
using jsocket::Running;
using jsocket::ServerOptions;

template <typename Kind>
class Credentials : public testing::Test {
  public:
    using Server = Running<typename Kind::Server>;
    using Handler = typename Kind::Handler;

  protected:
    /// Those that a hook sees of a client.
    static PeerCredentials seen(const ServerOptions& options) {
        PeerCredentials found;
        Hooks<Handler> hooks;
        hooks.message = [&](Handler& handler, json& message) {
            found = handler.credentials();
            return message;
        };
        Server server(options, hooks);
        RawPeer peer = connect(server);
        peer.send(prefix_frame("1"));
        EXPECT_EQ(peer.receive_prefix_frame(), "1");
        server.stop();
        server.join();
        return found;
    }

    static RawPeer connect(const Server& server) {
        const std::string path = server.endpoint().substr(std::string("unix:").size());
        return server.port() != 0 ? RawPeer::connect(server.port()) : RawPeer::connect(path);
    }

    TemporaryDirectory directory;
    const std::string address = "unix:" + (directory / "socket");
};
TYPED_TEST_SUITE(Credentials, BothKinds, KindNames);

TYPED_TEST(Credentials, OfAUnixClientAreThoseOfItsProcess) {
    const PeerCredentials peer = this->seen({.address = this->address});
    EXPECT_EQ(peer.uid, ::getuid());
    EXPECT_EQ(peer.gid, ::getgid());
    EXPECT_EQ(peer.pid, ::getpid());
    EXPECT_EQ(peer.certificate_subject, "");
}

TYPED_TEST(Credentials, OfATcpClientAreUnknown) {
    const PeerCredentials peer = this->seen({});
    EXPECT_EQ(peer.uid, std::nullopt);
    EXPECT_EQ(peer.gid, std::nullopt);
    EXPECT_EQ(peer.pid, std::nullopt);
}

TYPED_TEST(Credentials, LetAnAllowedUserIn) {
    const ServerOptions options{.address = this->address,
                                .allowed_uids = {::getuid() + 1, ::getuid()}};
    EXPECT_EQ(this->seen(options).uid, ::getuid());
}

TYPED_TEST(Credentials, KeepEveryOtherUserOut) {
    typename TestFixture::Server server(
        ServerOptions{.address = this->address, .allowed_uids = {::getuid() + 1}});
    EXPECT_TRUE(this->connect(server).closed_by_peer());
    EXPECT_EQ(server.client_stats().refused_connections, 1u);
    EXPECT_TRUE(server.client_stats().clients.empty());
}

TYPED_TEST(Credentials, OfAllUsersWithoutANumberAreNotTakenForThoseOfOne) {
    uid_t overflow = 0;
    ASSERT_TRUE(std::ifstream("/proc/sys/kernel/overflowuid") >> overflow);
    ServerOptions options{.address = this->address, .allowed_uids = {::getuid(), overflow}};
    try {
        typename TestFixture::Server server(options);
        FAIL() << "it was made";
    } catch (const jsocket::UsageError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find(std::to_string(overflow)), std::string::npos) << text;
        EXPECT_NE(text.find("allow_overflow_uid"), std::string::npos) << text;
    }
    EXPECT_TRUE(std::filesystem::is_empty(this->directory.path()));
    options.allow_overflow_uid = true;
    EXPECT_EQ(this->seen(options).uid, ::getuid());
    for (const uid_t neighbour : {overflow - 1, overflow + 1}) {
        EXPECT_NO_THROW(typename TestFixture::Server(
            ServerOptions{.address = this->address, .allowed_uids = {neighbour}}));
    }
}

TYPED_TEST(Credentials, AreNotToBeAskedOfATcpSocket) {
    try {
        typename TestFixture::Server server(ServerOptions{.allowed_uids = {::getuid()}});
        FAIL() << "it was made";
    } catch (const jsocket::UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("allowed_uids"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("unix:PATH"), std::string::npos);
    }
}

TEST(CredentialsOfAJsonServersClient, KeepOtherUsersOutToo) {
    const TemporaryDirectory directory;
    const std::string path = directory / "socket";
    for (const bool allowed : {false, true}) {
        jsocket::JsonServer server({.address = "unix:" + path,
                                    .accept_timeout = std::chrono::milliseconds(20),
                                    .allowed_uids = {::getuid() + (allowed ? 0 : 1)}});
        RawPeer peer = RawPeer::connect(path);
        if (allowed) {
            EXPECT_NO_THROW(server.accept_connection());
        } else {
            EXPECT_THROW(server.accept_connection(), jsocket::TimeoutError);
            EXPECT_TRUE(peer.closed_by_peer());
        }
    }
}

}  // namespace
