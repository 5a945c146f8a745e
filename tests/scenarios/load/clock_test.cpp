// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/process.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <future>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<time_t> clock_offset{0};  // what somebody has set the clock back or forward by; seconds

}  // namespace

/// In place of the C library's; the clock that tells the time of day is wrong by what a test says.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += clock_offset;
    return result;
}

/// A clock that is set while a server runs. Nothing that takes its time may depend on it.
namespace {

using namespace test_support;
using jsocket::ClientStats;
using jsocket::Failure;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// By how much the clock is set while a test is under way; it is right again afterwards.
class ClockThatIsSet : public testing::TestWithParam<int> {
  protected:
    ~ClockThatIsSet() override { clock_offset = 0; }
    static void set() { clock_offset = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(By, ClockThatIsSet, testing::Values(-3600, 3600),
                         [](const auto& info) { return info.param < 0 ? "AnHourBack" : "AnHour"; });

TEST_P(ClockThatIsSet, IsTheOneThatTimeStampsAreTakenFrom) {
    const auto before = std::chrono::system_clock::now();
    set();
    EXPECT_NEAR(std::chrono::duration<double>(std::chrono::system_clock::now() - before).count(),
                GetParam(), 60);
    Running<ServerFactory<ScriptedWorker>> server;
    connected_client(server.port()).request(1);
    const auto stats = server.client_stats();
    ASSERT_EQ(stats.clients.size(), 1u);
    const double now = std::chrono::duration<double>(before.time_since_epoch()).count();
    EXPECT_NEAR(stats.clients.begin()->second.last_message_ts.value_or(0), now + GetParam(), 60);
}

TEST_P(ClockThatIsSet, DoesNotChangeTheTimeoutsOfAServer) {
    constexpr milliseconds limit(500);
    Running<ServerFactory<ScriptedWorker>> server(
        ServerOptions{.recv_timeout = 2 * limit, .message_deadline = limit});
    JsonClient idle = connected_client(server.port());
    ASSERT_EQ(idle.request(1), 1);
    RawPeer unfinished = RawPeer::connect(server.port());
    const Stopwatch watch;
    unfinished.send(prefix_frame("[1]").substr(0, 5));
    set();
    EXPECT_TRUE(unfinished.closed_by_peer());
    EXPECT_GE(watch.elapsed(), limit - milliseconds(5));
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::timeout), 1u);
    EXPECT_EQ(idle.request(2), 2) << "being idle is still no failure";
}

TEST_P(ClockThatIsSet, DoesNotChangeTheTimeoutsOfAClient) {
    constexpr milliseconds limit(300);
    RawListener silent;
    JsonClient client({.port = silent.port(), .recv_timeout = limit});
    client.connect();
    const Stopwatch watch;
    auto reply = std::async(std::launch::async, [&] { client.read_obj(); });
    set();
    EXPECT_THROW(reply.get(), jsocket::TimeoutError);
    EXPECT_GE(watch.elapsed(), limit - milliseconds(5));
    EXPECT_LT(watch.elapsed(), patience);
}

TEST_P(ClockThatIsSet, DoesNotChangeHowLongClientsAreSaidToHaveBeenThere) {
    Running<ServerFactory<ScriptedWorker>> server;
    JsonClient stays = connected_client(server.port());
    ASSERT_EQ(stays.request({{"client", "stays"}}), (json{{"client", "stays"}}));
    JsonClient leaves = connected_client(server.port());
    ASSERT_EQ(leaves.request({{"client", "leaves"}}), (json{{"client", "leaves"}}));
    set();
    ASSERT_EQ(stays.request(1), 1);
    leaves.close();
    EXPECT_TRUE(wait_until([&] { return server.active() == 1; }));
    for (const auto& [name, client] : server.client_stats().clients) {
        EXPECT_GE(client.connected_duration, 0) << name;
        EXPECT_LT(client.connected_duration, 60) << name;
        EXPECT_GE(client.total_connected_duration, 0) << name;
        EXPECT_LT(client.total_connected_duration, 60) << name;
    }
}

TEST_P(ClockThatIsSet, DoesNotKeepTheMemoryOfBigMessages) {
    if (sanitized) GTEST_SKIP() << "a sanitizer's own memory hides the server's";
    Hooks<ScriptedWorker> hooks;
    hooks.message = [](auto&, json& message) { return json(message.size()); };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{}, hooks);
    std::string objects = "[{}";
    for (int i = 1; i < 900'000; ++i) objects += ",{}";
    const std::string tree = prefix_frame(objects + "]");
    const std::size_t before = resident_memory(getpid());
    const auto expect_given_back = [&] {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(tree);
        EXPECT_EQ(peer.receive_prefix_frame(), "900000");
        peer.close();
        EXPECT_TRUE(wait_until([&] { return resident_memory(getpid()) < before + 20'000'000; }))
            << resident_memory(getpid()) - before << " bytes are kept";
    };
    expect_given_back();
    set();
    expect_given_back();
}

}  // namespace
