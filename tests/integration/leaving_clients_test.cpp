// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"
#include "support/descriptors.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::Running;
using jsocket::ServerOptions;

/// The ways a client can leave, from the politest to the rudest, at the worst moments.
void leave(RawPeer client, Framing framing, int way) {
    const std::string message = frame(framing, "[\"" + std::string(300, 'x') + "\"]");
    switch (way) {
        case 0:
            break;
        case 1:
            client.reset();
            break;
        case 2:
            client.send(message.substr(0, 2));
            break;
        case 3:
            client.send(message.substr(0, 2));
            client.reset();
            break;
        case 4:
            client.send(message);
            break;  // before it has read the reply
        case 5:
            client.send(message);
            client.reset();
            break;
        case 6:
            for (int i = 0; i < 20; ++i) client.send(message);
            client.receive(100);
            client.reset();
            break;
        case 7:
            client.send(frame(framing, "\"throw\""));
            client.reset();
            break;
        default:
            client.send(frame(framing, "{]"));
            client.reset();
    }
}
constexpr int ways = 9;

template <typename Kind>
class LeavingClient : public testing::Test {};
TYPED_TEST_SUITE(LeavingClient, BothKinds, KindNames);

TYPED_TEST(LeavingClient, LeavesNothingBehindHoweverItLeaves) {
    Hooks<typename TypeParam::Handler> hooks;
    hooks.message = [](auto&, json& message) -> std::optional<json> {
        if (message == "throw") throw std::runtime_error("hook");
        return message;
    };
    hooks.disconnect = [](auto& handler) {
        try {
            handler.send_obj("farewell");
        } catch (const jsocket::Error&) {  // it may have gone already
        }
    };
    Running<typename TypeParam::Server> server(ServerOptions{}, hooks);
    const std::size_t before = open_descriptors().size();
    constexpr int rounds = 20;
    for (int i = 0; i < rounds * ways; ++i) {
        leave(RawPeer::connect(server.port()), all_formats[i % 3], i % ways);
    }
    EXPECT_EQ(connected_client(server.port()).request("alive"), "alive");
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    std::uint64_t connects = 0;
    for (const auto& [name, client] : server.client_stats().clients) {
        connects += client.connects;
        EXPECT_EQ(client.disconnects, client.connects) << name;
    }
    EXPECT_LE(connects, rounds * ways + 1u) << "a connection may be gone before it is accepted";
    EXPECT_TRUE(wait_until([&] { return open_descriptors().size() == before; }));
}

/// Holds a hook up from when it runs until a test has done something meanwhile.
class Meeting {
  public:
    /// The hook's part.
    void attend() {
        running_ = ++attended_;
        if (!wait_until([&] { return dismissed_ == attended_; })) {
            throw std::runtime_error("nobody ended the meeting");
        }
    }
    /// The test's part.
    void hold(const std::function<void()>& meanwhile) {
        ++held_;
        EXPECT_TRUE(wait_until([&] { return running_ == held_; }));
        meanwhile();
        dismissed_ = held_;
    }

  private:
    int attended_ = 0;
    int held_ = 0;
    std::atomic<int> running_{0};
    std::atomic<int> dismissed_{0};
};

TYPED_TEST(LeavingClient, MayResetTheConnectionAtAnyMomentAThousandTimes) {
    Meeting meeting;
    auto hooks = big_replies<typename TypeParam::Handler>();
    hooks.payload = [&, big = hooks.payload](std::string_view payload, std::string& reply) {
        if (payload == "\"meet\"") meeting.attend();
        big(payload, reply);
    };
    Running<typename TypeParam::Server> server(ServerOptions{}, hooks);
    const std::size_t before = open_descriptors().size();
    const auto connect = [&](std::string_view bytes) {
        RawPeer peer = RawPeer::connect(Address::ipv4(server.port()), 4096);
        peer.send(bytes);
        return peer;
    };
#if defined(__SANITIZE_THREAD__)
    constexpr std::uint64_t rounds = 20;  // its big replies take their time
#else
    constexpr std::uint64_t rounds = 1'000 / 6 + 1;
#endif
    for (std::uint64_t i = 0; i < rounds; ++i) {
        SCOPED_TRACE(i);
        connect("").reset();                                          // when it is accepted
        connect(prefix_frame("1").substr(0, 1 + i % 3)).reset();      // within a header
        connect(prefix_frame("[1,2]").substr(0, 5 + i % 4)).reset();  // within a payload
        RawPeer asks = connect(prefix_frame("\"meet\""));             // while the hook runs
        meeting.hold([&] { asks.reset(); });
        RawPeer reads = connect(prefix_frame("0"));  // within the reply
        reads.receive(1'000);
        reads.reset();
        RawPeer wrong = connect("?");  // while the server closes
        ASSERT_TRUE(wrong.closed_by_peer());
        wrong.reset();
    }
    EXPECT_EQ(connected_client(server.port()).request("alive"), "alive");
    EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
    const auto stats = server.client_stats();
    EXPECT_EQ(failures(stats, Failure::bad_write), 2 * rounds);
    EXPECT_EQ(failures(stats, Failure::invalid_json), rounds);
    EXPECT_LE(failures(stats, Failure::reset), 3 * rounds);
    EXPECT_EQ(failures(stats), failures(stats, Failure::reset) + 3 * rounds);
    for (const auto& [name, client] : stats.clients) {
        EXPECT_EQ(client.disconnects, client.connects) << name;
    }
    EXPECT_TRUE(wait_until([&] { return open_descriptors().size() == before; }));
}

TEST(LeavingClients, DoNotDisturbTheOneThatStays) {
    Running<jsocket::ServerFactory<ScriptedWorker>> server;
    jsocket::JsonClient stays = connected_client(server.port());
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 10 * ways; ++i) {
                leave(RawPeer::connect(server.port()), all_formats[thread], i % ways);
            }
        });
    }
    for (int i = 0; i < 500; ++i) ASSERT_EQ(stays.request(i), i);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(stays.request("last"), "last");
    EXPECT_TRUE(wait_until([&] { return server.active() == 1; }));
}

}  // namespace
