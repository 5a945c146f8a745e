// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/process.hpp"
#include "scenarios/load/subscribers.hpp"
#include "server/scripted.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

/// One publisher and many subscribers, some of whom do not keep up.
namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

using Server = Running<ServerFactory<ScriptedWorker>>;

ServerOptions publishing(milliseconds send_timeout) {
    ServerOptions options;
    options.framing = Framing::prefix;
    options.send_timeout = send_timeout;
    return options;
}

TEST(SubscriberThatNeverReads, IsCutAfterTheSendTimeoutAndCostsTheServerNoMemory) {
    constexpr milliseconds send_timeout(400);
    constexpr std::size_t healthy = 10;
    constexpr std::size_t size = 100'000;
    Server server(publishing(send_timeout));
    Subscribers subscribers(size);
    for (std::size_t i = 0; i < healthy; ++i) subscribers.add(RawPeer::connect(server.port()));
    const RawPeer deaf = RawPeer::connect(Address::ipv4(server.port()), 4096);
    ASSERT_TRUE(wait_until([&] { return server.active() == healthy + 1; }));
    subscribers.start();

    const bool counted = reset_peak_memory(getpid());
    const std::size_t before = resident_memory(getpid());
    std::size_t sent = 0;
    std::size_t cut_at = 0;
    milliseconds others{};  // what all messages took but the one that cut it
    constexpr std::size_t most = 200;
    for (; sent < most; ++sent) {
        const Stopwatch watch;
        const std::size_t reached = server.broadcast(subscribers.message(sent));
        if (reached == healthy && cut_at == 0) {
            cut_at = sent;
            EXPECT_GE(watch.elapsed(), send_timeout - milliseconds(5));
        } else {
            EXPECT_EQ(reached, cut_at == 0 ? healthy + 1 : healthy) << "message " << sent;
            others += watch.elapsed();
        }
        // Nobody but the deaf one is to be slow.
        ASSERT_TRUE(wait_until([&] { return subscribers.fewest() + 5 > sent; }));
    }
    EXPECT_LT(others, most * send_timeout / 4) << "it held up more than one of them";
    EXPECT_GT(cut_at, 0u) << "its buffers hold " << most * size << " bytes";
    EXPECT_TRUE(wait_until([&] { return subscribers.fewest() == sent; }));
    EXPECT_TRUE(wait_until([&] { return server.active() == healthy; }));
    EXPECT_EQ(failures(server.client_stats(), jsocket::Failure::bad_write), 1u);
    EXPECT_EQ(failures(server.client_stats()), 1u);
    EXPECT_TRUE(!counted || sanitized || peak_memory(getpid()) < before + 16'000'000);
    for (const History& history : subscribers.stop()) EXPECT_TRUE(history.complete(sent));
}

/// 1,000 subscribers, of which most keep up, some read now and then, some never, and some leave. A
/// UNIX-domain socket, whose buffers do not grow to megabytes.
class Broadcast : public testing::Test {
  protected:
    static constexpr std::size_t all = scaled(1000, 200);
    static constexpr std::size_t late_count = all / 40;
    static constexpr std::size_t deaf_count = all / 40;
    static constexpr std::size_t leaving_count = all / 20;
    static constexpr std::size_t messages = scaled(300, 200);
    static constexpr std::size_t size = 1'000;

    void subscribe() {
        for (std::size_t i = 0; i < all; ++i) {
            RawPeer peer = RawPeer::connect(directory / "socket");
            if (i < late_count) {
                late.add(std::move(peer));
            } else if (i < late_count + deaf_count) {
                deaf.add(std::move(peer));
            } else if (i < late_count + deaf_count + leaving_count) {
                leaving.push_back(std::move(peer));
            } else {
                healthy.add(std::move(peer));
            }
        }
        ASSERT_TRUE(wait_until([&] { return server.active() == all; }, 3 * patience));
    }

    /// Closes those whose turn it is to leave after message number `sent`, with some of it unread;
    /// says how many messages they have been sent.
    std::size_t leave_after(std::size_t sent) {
        std::size_t received = 0;
        for (std::size_t i = 0; i < leaving.size(); ++i) {
            if (leaving[i].fd() < 0 || i * 7919 % messages != sent) continue;
            leaving[i].close();
            received += sent + 1;
        }
        return received;
    }

    /// Those who read now and then, or will leave, read now.
    void catch_up() {
        late.read_what_is_there();
        for (RawPeer& peer : leaving) {
            char space[4096];
            while (::recv(peer.fd(), space, sizeof(space), MSG_DONTWAIT) > 0) continue;
        }
    }

    TemporaryDirectory directory;
    Server server{[this] {
        ServerOptions options = publishing(milliseconds(300));
        options.address = "unix:" + directory / "socket";
        return options;
    }()};
    Subscribers healthy{size};
    Subscribers late{size};
    Subscribers deaf{size};
    std::vector<RawPeer> leaving;
};

TEST_F(Broadcast, ReachesEveryHealthySubscriberInOrderAndTheCountsAddUp) {
    ASSERT_NO_FATAL_FAILURE(subscribe());
    healthy.start();
    std::size_t reached = 0;
    std::size_t left_with = 0;
    for (std::size_t sent = 0; sent < messages; ++sent) {
        reached += server.broadcast(healthy.message(sent));
        left_with += leave_after(sent);
        if (sent % 30 == 0) catch_up();
        // Fewer than a buffer holds, so that the healthy never seem to be slow.
        ASSERT_TRUE(wait_until([&] { return healthy.fewest() + 20 > sent; }));
    }
    ASSERT_TRUE(wait_until([&] { return healthy.fewest() == messages; }));
    late.read_what_is_there();
    deaf.read_what_is_there();

    std::size_t received = left_with;
    for (const History& history : healthy.stop()) {
        EXPECT_TRUE(history.complete(messages)) << history;
        received += history.received;
    }
    for (const History& history : late.stop()) {
        EXPECT_TRUE(history.complete(messages)) << history;
        received += history.received;
    }
    for (const History& history : deaf.stop()) {
        EXPECT_TRUE(history.in_order) << history;
        EXPECT_LT(history.received, messages) << "cut by the policy";
        EXPECT_TRUE(history.ended);
        received += history.received;
    }
    EXPECT_EQ(received, reached);
    const std::size_t stay = all - deaf_count - leaving_count;
    EXPECT_TRUE(wait_until([&] { return server.active() == stay; }));
    std::size_t connects = 0;
    std::size_t disconnects = 0;
    for (const auto& [name, client] : server.client_stats().clients) {
        connects += client.connects;
        disconnects += client.disconnects;
    }
    EXPECT_EQ(connects, all);
    EXPECT_EQ(disconnects, all - stay);
}

}  // namespace
