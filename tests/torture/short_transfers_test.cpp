// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_directory.hpp"
#include "torture/calls.hpp"
#include "torture/client_life.hpp"
#include "torture/faults.hpp"
#include "torture/possessions.hpp"
#include "torture/server_life.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

namespace {

using namespace test_support;
using jsocket::ClientOptions;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerOptions;

constexpr Transfers short_ones[] = {Transfers::single_bytes, Transfers::random_sizes};

/// Both kinds of server, on TCP and on a UNIX-domain socket, while recv and send move little.
template <typename Kind>
class ShortTransfersWith : public ::testing::Test {
  protected:
    std::vector<ServerOptions> addresses() const {
        return {{.port = 0}, {.address = "unix:" + (folder_ / "socket"), .port = 0}};
    }

    /// All kinds of messages, several under way at a time: their replies, and what the server has
    /// counted.
    static json talk(const ServerOptions& options, Framing framing) {
        Running<typename Kind::Server> server(options);
        JsonClient client({.address = options.address,
                           .port = server.port(),
                           .framing = framing,
                           .recv_timeout = patience});
        client.connect();
        json told = json::array();
        for (int round = 0; round < 3; ++round) {
            // Read meanwhile: of single bytes, a UNIX-domain socket holds only some hundreds.
            auto sending = std::async(std::launch::async, [&] { client.send_objs(messages()); });
            for (std::size_t i = 0; i < messages().size(); ++i) told.push_back(client.read_obj());
            sending.get();
        }
        told.push_back(client.request("the last"));
        client.close();
        EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
        for (const auto& [name, stats] : server.client_stats().clients) {
            told.push_back({name.starts_with("the client") ? name : "an address", stats.messages_in,
                            stats.messages_out, stats.bytes_in, stats.bytes_out, stats.connects,
                            stats.disconnects});
        }
        EXPECT_EQ(failures(server.client_stats()), 0u);
        return told;
    }

    static const std::vector<json>& messages() {
        static const std::vector<json> all{
            {{"client", "the client"}, {"list", {1, -2, 3.5, nullptr, true}}},
            {{"text", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 \" \\ \n"}, {"empty", json::object()}},
            "",
            0,
            nullptr,
            json::array(),
            json::array({std::string(3'000, 'x')}),
            std::string(9'000, 'y'),
        };
        return all;
    }

  private:
    const TemporaryDirectory folder_;
};

TYPED_TEST_SUITE(ShortTransfersWith, BothKinds, KindNames);

TYPED_TEST(ShortTransfersWith, GiveTheSameResultsAsWholeOnes) {
    for (const ServerOptions& options : this->addresses()) {
        for (const Framing framing : all_formats) {
            SCOPED_TRACE(options.address + ' ' + std::string(to_string(framing)));
            const json expected = this->talk(options, framing);
            EXPECT_EQ(expected.at(0), this->messages().at(0));
            for (const Transfers how : short_ones) {
                const ShortTransfers here(how);
                EXPECT_EQ(this->talk(options, framing), expected);
            }
        }
    }
}

/// The lives that the faults happen to, without one: pushes, broadcasts, clients that misbehave.
TYPED_TEST(ShortTransfersWith, ChangeNothingInTheLifeOfAServerAndOfAClient) {
    Fault none(Call::none, never, 0);
    for (const ServerOptions& options : this->addresses()) {
        for (const Transfers how : short_ones) {
            const ShortTransfers here(how);
            ServerLife<TypeParam>(options, none).run();
            for (const Framing framing : all_formats) {
                Running<typename TypeParam::Server> server(options);
                ClientLife({.address = options.address,
                            .port = server.port(),
                            .framing = framing,
                            .recv_timeout = patience},
                           none)
                    .run();
            }
        }
    }
}

/// Else the tests above would compare whole transfers with whole ones.
TEST(ShortTransfers, AreShort) {
    RawListener listener;
    RawPeer client = RawPeer::connect(listener.port());
    const RawPeer server = listener.accept();
    client.send("some bytes");
    char space[100];
    ASSERT_TRUE(wait_until([&] { return ::recv(server.fd(), space, 100, MSG_PEEK) == 10; }));
    const ShortTransfers here(Transfers::single_bytes);
    EXPECT_EQ(::recv(server.fd(), space, 100, 0), 1);
    EXPECT_EQ(::send(server.fd(), space, 100, MSG_NOSIGNAL), 1);
    const ShortTransfers other(Transfers::random_sizes);
    EXPECT_LE(::send(server.fd(), space, 100, MSG_NOSIGNAL), 37);
}

}  // namespace
