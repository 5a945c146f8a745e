// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace {

using namespace test_support;
using jsocket::ClientStats;
using jsocket::Failure;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerOptions;
using jsocket::ServerStats;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::Le;

double unix_time() {
    using std::chrono::system_clock;
    return std::chrono::duration<double>(system_clock::now().time_since_epoch()).count();
}

const std::vector<std::string> failure_names = {
    "timeout",      "bad_write",    "bad_crc",     "bad_header", "oversize",
    "invalid_utf8", "invalid_json", "handler",     "framing",    "closed_mid_message",
    "reset",        "too_deep",     "too_complex", "tls",        "memory"};

std::vector<std::string> keys(const json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return names;
}

template <typename Kind>
class Statistics : public testing::Test {
  public:
    using Server = Running<typename Kind::Server>;

  protected:
    /// The only entry there is, once its client has left (or not left).
    ClientStats only_client(bool connected) {
        EXPECT_TRUE(wait_until(
            [&] { return server.client_stats().connected_clients == (connected ? 1 : 0); }));
        const ServerStats stats = server.client_stats();
        EXPECT_EQ(stats.clients.size(), 1u);
        return stats.clients.empty() ? ClientStats{} : stats.clients.begin()->second;
    }

    Server server;
};
TYPED_TEST_SUITE(Statistics, BothKinds, KindNames);

TYPED_TEST(Statistics, AreEmptyBeforeTheFirstClient) {
    const ServerStats stats = this->server.client_stats();
    EXPECT_EQ(stats.connected_clients, 0u);
    EXPECT_EQ(stats.refused_connections, 0u);
    EXPECT_TRUE(stats.clients.empty());
    EXPECT_EQ(json(stats), json::parse(R"({"clients":{},"connected_clients":0,
                                           "refused_connections":0})"));
}

TYPED_TEST(Statistics, KnowAClientThatHasSentNothing) {
    const double before = unix_time();
    const RawPeer client = RawPeer::connect(this->server.port());
    const ClientStats entry = this->only_client(true);
    EXPECT_EQ(entry.client_id, "127.0.0.1:" + std::to_string(client.port()));
    EXPECT_TRUE(entry.connected);
    EXPECT_EQ(entry.connects, 1u);
    EXPECT_EQ(entry.disconnects, 0u);
    EXPECT_EQ(entry.messages_in, 0u);
    EXPECT_EQ(entry.avg_payload_in(), 0.0);
    EXPECT_EQ(entry.avg_payload_out(), 0.0);
    ASSERT_TRUE(entry.last_connect_ts);
    EXPECT_THAT(*entry.last_connect_ts, AllOf(Ge(before - 0.1), Le(unix_time() + 0.1)));
    EXPECT_FALSE(entry.last_disconnect_ts);
    EXPECT_FALSE(entry.last_message_ts);
}

TYPED_TEST(Statistics, CountMessagesAndTheBytesOfTheirText) {
    const double before = unix_time();
    RawPeer client = RawPeer::connect(this->server.port());
    client.send(crc_frame("[1, 2]") + crc_frame("\"\xc3\xa9\""));  // replies: [1,2] and the same
    EXPECT_EQ(client.receive_crc_frame(), "[1,2]");
    EXPECT_EQ(client.receive_crc_frame(), "\"\xc3\xa9\"");
    client.close();
    const ClientStats entry = this->only_client(false);
    EXPECT_EQ(entry.messages_in, 2u);
    EXPECT_EQ(entry.bytes_in, 10u);
    EXPECT_EQ(entry.messages_out, 2u);
    EXPECT_EQ(entry.bytes_out, 9u);
    EXPECT_EQ(entry.avg_payload_in(), 5.0);
    EXPECT_EQ(entry.avg_payload_out(), 4.5);
    ASSERT_TRUE(entry.last_message_ts);
    EXPECT_THAT(*entry.last_message_ts, AllOf(Ge(before - 0.1), Le(unix_time() + 0.1)));
    EXPECT_EQ(failures(this->server.client_stats()), 0u);
}

TYPED_TEST(Statistics, HaveCountedAReplyWhenTheClientHasIt) {
    JsonClient client = connected_client(this->server.port());
    for (std::uint64_t i = 1; i <= 300; ++i) {
        client.request(std::string(i % 3 == 0 ? 10'000 : 1, 'x'));
        const ClientStats entry = this->server.client_stats().clients.begin()->second;
        ASSERT_EQ(entry.messages_in, i);
        ASSERT_EQ(entry.messages_out, i);
    }
}

TYPED_TEST(Statistics, MeasureHowLongAClientIsConnected) {
    const Stopwatch stopwatch;
    JsonClient client = connected_client(this->server.port());
    EXPECT_TRUE(wait_until([&] { return this->only_client(true).connected_duration >= 0.02; }));
    const ClientStats connected = this->only_client(true);
    EXPECT_GE(connected.total_connected_duration, connected.connected_duration);
    client.close();

    const ClientStats gone = this->only_client(false);
    const double most = std::chrono::duration<double>(stopwatch.elapsed()).count() + 0.01;
    EXPECT_FALSE(gone.connected);
    EXPECT_EQ(gone.disconnects, 1u);
    EXPECT_EQ(gone.connected_duration, 0.0);
    EXPECT_THAT(gone.total_connected_duration, AllOf(Ge(connected.connected_duration), Le(most)));
    ASSERT_TRUE(gone.last_disconnect_ts);
    EXPECT_GE(*gone.last_disconnect_ts, *gone.last_connect_ts);
    EXPECT_EQ(this->only_client(false).total_connected_duration, gone.total_connected_duration)
        << "stands still without a connection";
}

TYPED_TEST(Statistics, AsJsonHaveEveryKeyOfTheSchema) {
    RawPeer client = RawPeer::connect(this->server.port());
    ASSERT_TRUE(this->only_client(true).connected);
    const json stats = this->server.client_stats();
    EXPECT_THAT(keys(stats), ElementsAre("clients", "connected_clients", "refused_connections"));
    EXPECT_EQ(stats.at("connected_clients"), 1);
    const std::string name = "127.0.0.1:" + std::to_string(client.port());
    const json& entry = stats.at("clients").at(name);
    EXPECT_THAT(
        keys(entry),
        ElementsAre("avg_payload_in", "avg_payload_out", "bytes_in", "bytes_out", "client_id",
                    "connected", "connected_duration", "connects", "disconnects", "failures",
                    "last_connect_ts", "last_disconnect_ts", "last_message_ts", "messages_in",
                    "messages_out", "total_connected_duration"));
    EXPECT_EQ(entry.at("client_id"), name);
    EXPECT_EQ(entry.at("connected"), true);
    EXPECT_EQ(entry.at("avg_payload_in"), 0.0);
    EXPECT_TRUE(entry.at("avg_payload_in").is_number_float());
    EXPECT_TRUE(entry.at("connected_duration").is_number_float());
    EXPECT_TRUE(entry.at("last_connect_ts").is_number_float());
    EXPECT_TRUE(entry.at("last_disconnect_ts").is_null());
    EXPECT_TRUE(entry.at("last_message_ts").is_null());
    std::vector<std::string> sorted = failure_names;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(keys(entry.at("failures")), sorted);
    for (const json& count : entry.at("failures")) EXPECT_EQ(count, 0);
}

TYPED_TEST(Statistics, StayAfterTheServerHasStopped) {
    JsonClient client = connected_client(this->server.port());
    EXPECT_EQ(client.request({{"client", "last"}}), json({{"client", "last"}}));
    this->server.stop();
    this->server.join();
    const ServerStats stats = this->server.client_stats();
    EXPECT_EQ(stats.connected_clients, 0u);
    EXPECT_EQ(stats.clients.at("last").disconnects, 1u);
    EXPECT_EQ(stats.clients.at("last").messages_in, 1u);
}

TYPED_TEST(Statistics, AddUpWhenAClientComesBackUnderItsName) {
    const json hello = {{"client", "regular"}};
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(connected_client(this->server.port()).request(hello), hello);
    const ClientStats entry = this->only_client(false);
    EXPECT_EQ(entry.client_id, "regular");
    EXPECT_EQ(entry.connects, 3u);
    EXPECT_EQ(entry.disconnects, 3u);
    EXPECT_EQ(entry.messages_in, 3u);
    EXPECT_EQ(entry.bytes_in, 3 * hello.dump().size());
    EXPECT_EQ(entry.messages_out, 3u);
}

TYPED_TEST(Statistics, AddUpFailuresByKindUnderAName) {
    const std::string hello = prefix_frame(R"({"client":"clumsy"})");
    for (const std::string bad : {"{]", "nul", "\"\xff\""}) {
        RawPeer client = RawPeer::connect(this->server.port());
        client.send(hello + prefix_frame(bad));
        EXPECT_EQ(client.receive_until_end(), hello);
    }
    const ClientStats entry = this->only_client(false);
    EXPECT_EQ(entry[Failure::invalid_json], 2u);
    EXPECT_EQ(entry[Failure::invalid_utf8], 1u);
    EXPECT_EQ(entry.messages_in, 3u) << "a message that is none is not counted as one";
    EXPECT_EQ(json(entry).at("failures").at("invalid_json"), 2);
}

TEST(FactoryStatistics, MergeConnectionsThatShareAName) {
    Running<Factory::Server> server;
    const json hello = {{"client", "twin"}};
    JsonClient first = connected_client(server.port());
    EXPECT_EQ(first.request(hello), hello);
    JsonClient second = connected_client(server.port());
    EXPECT_EQ(second.request(hello), hello);
    JsonClient other = connected_client(server.port());
    EXPECT_EQ(other.request({{"client", "other"}}), json({{"client", "other"}}));

    ServerStats stats = server.client_stats();
    EXPECT_EQ(stats.connected_clients, 2u) << "names, not connections";
    ASSERT_EQ(stats.clients.size(), 2u);
    EXPECT_EQ(stats.clients.at("twin").connects, 2u);
    EXPECT_EQ(stats.clients.at("twin").messages_in, 2u);
    EXPECT_GE(stats.clients.at("twin").total_connected_duration,
              stats.clients.at("twin").connected_duration);

    first.close();
    EXPECT_TRUE(wait_until([&] { return server.active() == 2; }));
    EXPECT_TRUE(wait_until([&] { return server.client_stats().clients.at("twin").disconnects; }));
    stats = server.client_stats();
    EXPECT_EQ(stats.connected_clients, 2u);
    EXPECT_TRUE(stats.clients.at("twin").connected) << "one of the two still is";
    EXPECT_GT(stats.clients.at("twin").connected_duration, 0.0);
}

TEST(FactoryStatistics, ForgetTheClientThatLeftFirst) {
    Running<Factory::Server> server(ServerOptions{.max_client_entries = 3});
    const auto visit = [&](const std::string& name) {
        connected_client(server.port()).request({{"client", name}});
        EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    };
    const auto names = [&] {
        std::vector<std::string> all;
        for (const auto& [name, entry] : server.client_stats().clients) all.push_back(name);
        return all;
    };
    const auto are = [&](const std::vector<std::string>& expected) {
        return wait_until([&] { return names() == expected; });
    };
    for (const std::string name : {"d", "a", "c"}) visit(name);
    EXPECT_TRUE(are({"a", "c", "d"}));
    visit("b");
    EXPECT_TRUE(are({"a", "b", "c"})) << "d left first";
    visit("a");
    visit("e");
    EXPECT_TRUE(are({"a", "b", "e"})) << "a has come back since, and c had left first";
}

TEST(FactoryStatistics, NeverForgetAClientThatIsConnected) {
    Running<Factory::Server> server(ServerOptions{.max_client_entries = 2});
    JsonClient stays = connected_client(server.port());
    stays.request({{"client", "stays"}});
    for (int i = 0; i < 10; ++i) {
        connected_client(server.port()).request({{"client", "visitor " + std::to_string(i)}});
    }
    // Two that have gone, and one that has not; a connection that is just ending is one more.
    ASSERT_TRUE(wait_until([&] { return server.client_stats().clients.size() <= 3; }));
    const ServerStats stats = server.client_stats();
    EXPECT_TRUE(stats.clients.at("stays").connected);
    EXPECT_EQ(stats.clients.at("stays").messages_in, 1u);
}

TEST(FactoryStatistics, StayBoundedWhateverNamesClientsTake) {
    Running<Factory::Server> server(ServerOptions{.max_client_entries = 10});
    JsonClient client = connected_client(server.port());
    for (int i = 0; i < 200; ++i) client.request({{"client", "name " + std::to_string(i)}});
    for (int i = 0; i < 50; ++i) connected_client(server.port()).request(i);
    ASSERT_TRUE(wait_until([&] { return server.client_stats().clients.size() <= 11; }));
    const ServerStats stats = server.client_stats();
    EXPECT_EQ(stats.clients.at("name 199").messages_in, 200u) << "one client, renamed";
}

}  // namespace
