// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sys/stat.h>

namespace {

using namespace test_support;
using jsocket::ClientOptions;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

bool has_ipv6() {
    try {
        const RawListener listener(Address::ipv6(0));
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

void expect_echo(ClientOptions options) {
    options.recv_timeout = patience;
    JsonClient client(options);
    client.connect();
    const json message = {{"to", options.address}, {"big", std::string(10'000, 'x')}};
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.request(message), message);
}

template <typename Kind>
class Addresses : public testing::Test {
  public:
    using Server = Running<typename Kind::Server>;

  protected:
    TemporaryDirectory directory;
};
TYPED_TEST_SUITE(Addresses, BothKinds, KindNames);

TYPED_TEST(Addresses, OfUnixSocketsWorkEndToEnd) {
    const std::string address = "unix:" + (this->directory / "socket");
    typename TestFixture::Server server(ServerOptions{.address = address});
    EXPECT_EQ(server.port(), 0);
    EXPECT_EQ(server.endpoint(), address);
    for (const Framing framing : all_formats) {
        expect_echo({.address = address, .framing = framing, .retry = {.attempts = 1}});
    }
    server.stop();
    server.join();
    const jsocket::ServerStats stats = server.client_stats();
    EXPECT_EQ(failures(stats), 0u);
    std::uint64_t connects = 0;
    for (const auto& [name, client] : stats.clients) connects += client.connects;
    EXPECT_EQ(connects, 3u);
}

TYPED_TEST(Addresses, OfUnixSocketsAreForTheOwnerAloneAndGoWithTheServer) {
    const std::string path = this->directory / "socket";
    struct stat status {};
    {
        const typename TestFixture::Server server(ServerOptions{.address = "unix:" + path});
        ASSERT_EQ(::stat(path.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    const typename TestFixture::Server again(
        ServerOptions{.address = "unix:" + path, .unix_mode = 0660});
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660u);
}

TYPED_TEST(Addresses, OfUnixSocketsThatAreServedAreNotTakenAway) {
    const std::string address = "unix:" + (this->directory / "socket");
    typename TestFixture::Server server(ServerOptions{.address = address});
    EXPECT_THROW(typename TestFixture::Server(ServerOptions{.address = address}),
                 jsocket::ConnectError);
    expect_echo({.address = address, .retry = {.attempts = 1}});
}

TYPED_TEST(Addresses, OfUnixSocketsStopAtOnceAndAnswerAfterAHalfClose) {
    const std::string path = this->directory / "socket";
    typename TestFixture::Server server(
        ServerOptions{.address = "unix:" + path, .recv_timeout = jsocket::no_timeout});
    {
        RawPeer peer = RawPeer::connect(path);
        peer.send(prefix_frame("1"));
        peer.finish_writing();
        EXPECT_EQ(peer.receive_until_end(), prefix_frame("1"));
    }
    RawPeer idle = RawPeer::connect(path);
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 1; }));
    server.stop();
    server.join();
    EXPECT_EQ(idle.receive_until_end(), "");
}

TYPED_TEST(Addresses, OfIpv6WorkEndToEnd) {
    if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
    Hooks<typename TypeParam::Handler> hooks;
    hooks.message = [](auto& handler, json& message) -> std::optional<json> {
        if (message == "who am I") return handler.peer();
        return message;
    };
    typename TestFixture::Server server(ServerOptions{.address = "::1"}, hooks);
    EXPECT_EQ(server.endpoint(), "[::1]:" + std::to_string(server.port()));
    for (const Framing framing : all_formats) {
        expect_echo({.address = "::1",
                     .port = server.port(),
                     .framing = framing,
                     .retry = {.attempts = 1}});
    }
    RawPeer peer = RawPeer::connect(Address::ipv6(server.port()));
    peer.send(prefix_frame("\"who am I\""));
    EXPECT_EQ(peer.receive_prefix_frame(), "\"[::1]:" + std::to_string(peer.port()) + "\"");
    EXPECT_TRUE(server.client_stats().clients.contains("[::1]:" + std::to_string(peer.port())));
}

TYPED_TEST(Addresses, OfNamesWorkEndToEnd) {
    typename TestFixture::Server server(ServerOptions{.address = "localhost"});
    EXPECT_EQ(server.address(), "localhost");
    expect_echo({.address = "localhost", .port = server.port(), .retry = {.attempts = 1}});
}

}  // namespace
