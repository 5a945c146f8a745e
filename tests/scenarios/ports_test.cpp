// SPDX-License-Identifier: Apache-2.0
#include "scenarios/rounds.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iomanip>
#include <sstream>
#include <string>

namespace {

using namespace test_support;
using jsocket::ServerOptions;
using testing::AllOf;
using testing::HasSubstr;

/// At which no other test listens.
const std::string quiet_address = "127.0.0.58";

/// Connections of `port`, on the side that listened, that TCP keeps in mind after their end.
int in_time_wait(std::uint16_t port) {
    std::ostringstream suffix;
    suffix << ':' << std::hex << std::uppercase << std::setw(4) << std::setfill('0') << port;
    std::ifstream table("/proc/net/tcp");
    std::string line;
    std::getline(table, line);
    int count = 0;
    while (std::getline(table, line)) {
        std::istringstream fields(line);
        std::string number;
        std::string local;
        std::string remote;
        std::string state;
        fields >> number >> local >> remote >> state;
        if (local.ends_with(suffix.str()) && state == "06") ++count;
    }
    return count;
}

template <typename Kind>
class Port : public testing::Test {};
TYPED_TEST_SUITE(Port, BothKinds, KindNames);

TYPED_TEST(Port, IsTakenAgainAtOnceHoweverManySessionsAreInTimeWait) {
    std::uint16_t port = 0;
    for (int i = 0; i < rounds; ++i) {
        typename TypeParam::Server server({.address = quiet_address, .port = port});
        port = server.port();
        server.start();
        jsocket::JsonClient client({.address = quiet_address,
                                    .port = port,
                                    .recv_timeout = patience,
                                    .retry = {.attempts = 1}});
        client.connect();
        ASSERT_EQ(client.request(i), i);
        server.stop();  // the server closes first, and so has the connection in TIME_WAIT
        server.join();
    }
    EXPECT_GE(in_time_wait(port), rounds / 2);
}

TYPED_TEST(Port, IsTheRealOneIfAFreeOneWasAskedFor) {
    for (const std::string address : {"127.0.0.1", "::1", "0.0.0.0"}) {
        const typename TypeParam::Server server({.address = address});
        const Address there =
            address == "::1" ? Address::ipv6(server.port()) : Address::ipv4(server.port());
        const RawPeer client = RawPeer::connect(there);
        Address peer;
        ASSERT_EQ(getpeername(client.fd(), peer.data(), &peer.size), 0);
        EXPECT_EQ(peer.port(), server.port());
        EXPECT_THAT(server.endpoint(), HasSubstr(":" + std::to_string(peer.port())));
    }
}

TYPED_TEST(Port, ThatIsTakenIsNamedWithWhatToDo) {
    typename TypeParam::Server first({.address = quiet_address});
    const auto expect_refused = [&] {
        for (const std::string& address : {quiet_address, std::string("0.0.0.0")}) {
            try {
                const typename TypeParam::Server second({.address = address, .port = first.port()});
                FAIL() << "two servers on one port";
            } catch (const jsocket::ConnectError& error) {
                EXPECT_EQ(error.code(), std::errc::address_in_use);
                EXPECT_THAT(error.what(),
                            AllOf(HasSubstr(address + ":" + std::to_string(first.port())),
                                  HasSubstr("in use"), HasSubstr("another port")));
            }
        }
    };
    expect_refused();
    first.start();
    expect_refused();
    first.stop();
    first.join();
    const typename TypeParam::Server next({.address = quiet_address, .port = first.port()});
}

TEST(PortOfAJsonServer, IsTakenAgainAtOnceAndIsTheRealOne) {
    std::uint16_t port = 0;
    for (int i = 0; i < rounds; ++i) {
        jsocket::JsonServer server({.address = quiet_address, .port = port});
        port = server.port();
        jsocket::JsonClient client({.address = quiet_address,
                                    .port = port,
                                    .recv_timeout = patience,
                                    .retry = {.attempts = 1}});
        client.connect();
        server.accept_connection();
        client.send_obj(i);
        ASSERT_EQ(server.read_obj(), i);
        server.close();
    }
    EXPECT_GE(in_time_wait(port), rounds / 2);
}

}  // namespace
