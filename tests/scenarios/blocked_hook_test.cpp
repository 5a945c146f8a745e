// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/log_capture.hpp"
#include "support/raw_peer.hpp"
#include "support/waiting.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::ServerOptions;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

// "At once", on a machine that may be busy; what must not be waited for takes 10 s and more.
constexpr milliseconds at_once = std::chrono::seconds(3);

constexpr milliseconds drain(300);

/// A server with a hook that does not return until the test is over.
template <typename Kind>
class BlockedHook : public testing::Test {
  public:
    BlockedHook() {
        Hooks<typename Kind::Handler> hooks;
        hooks.message = [this](auto&, json& message) -> std::optional<json> {
            entered.open();
            leave.wait();
            return message;
        };
        server =
            std::make_unique<typename Kind::Server>(ServerOptions{.drain_timeout = drain}, hooks);
        server->start();
    }
    ~BlockedHook() override {
        leave.open();
        server->stop();
        server->join();
    }

  protected:
    Gate entered;
    Gate leave;
    LogCapture log;
    std::unique_ptr<typename Kind::Server> server;
};
TYPED_TEST_SUITE(BlockedHook, BothKinds, KindNames);

TYPED_TEST(BlockedHook, HoldsItsClientNoLongerThanTheDeadlineOfTheRequest) {
    jsocket::JsonClient client({.port = this->server->port(), .recv_timeout = milliseconds(50)});
    client.connect();
    const Stopwatch stopwatch;
    EXPECT_THROW(client.request(1), jsocket::TimeoutError);
    EXPECT_GE(stopwatch.elapsed(), milliseconds(50));
    EXPECT_LT(stopwatch.elapsed(), at_once);
    EXPECT_FALSE(client.connected());
}

TYPED_TEST(BlockedHook, DoesNotHoldStopAndJoinForSaysThatItRuns) {
    RawPeer client = RawPeer::connect(this->server->port());
    client.send(prefix_frame("1"));
    this->entered.wait();
    EXPECT_FALSE(this->server->join_for(milliseconds(1))) << "not stopped";
    const Stopwatch stopwatch;
    this->server->stop();
    EXPECT_FALSE(this->server->join_for(milliseconds::zero()));
    EXPECT_FALSE(this->server->join_for(milliseconds(20)));
    EXPECT_LT(stopwatch.elapsed(), at_once);
    EXPECT_TRUE(this->server->running());
    this->leave.open();
    EXPECT_TRUE(this->server->join_for(patience));
    EXPECT_TRUE(this->server->join_for(milliseconds::zero())) << "the second time";
    EXPECT_FALSE(this->server->running());
}

TYPED_TEST(BlockedHook, IsNoWorryIfItEndsSoonAfterStop) {
    RawPeer client = RawPeer::connect(this->server->port());
    client.send(prefix_frame("1"));
    this->entered.wait();
    this->server->stop();
    EXPECT_FALSE(this->server->join_for(milliseconds(20)));
    this->leave.open();
    this->server->join();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("1")) << "its reply";
    EXPECT_TRUE(this->log.warnings().empty());
}

TYPED_TEST(BlockedHook, IsReportedAfterDrainTimeoutAndItsClientLetGo) {
    RawPeer client = RawPeer::connect(this->server->port());
    client.send(prefix_frame("1"));
    this->entered.wait();
    const auto joined = waiting([&] { this->server->join(); });
    const auto stop_time = std::chrono::steady_clock::now();
    this->server->stop();
    EXPECT_EQ(client.receive_until_end(), "");
    EXPECT_GE(std::chrono::steady_clock::now() - stop_time, drain);

    ASSERT_TRUE(wait_until([&] { return this->log.warnings().size() == 1; }));
    EXPECT_THAT(
        this->log.warnings()[0].text,
        AllOf(HasSubstr(this->server->endpoint() + " has been stopped"), HasSubstr("1 client"),
              HasSubstr("127.0.0.1:" + std::to_string(client.port()))));
    EXPECT_EQ(joined.wait_for(milliseconds(0)), std::future_status::timeout) << "the hook runs";
    this->leave.open();
    EXPECT_EQ(joined.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(failures(this->server->client_stats(), Failure::bad_write), 1u) << "its reply";
}

using BlockedFactoryHook = BlockedHook<Factory>;

TEST_F(BlockedFactoryHook, IsReportedAgainAfterALongerPauseOnceForAllThatWait) {
    RawPeer client = RawPeer::connect(server->port());
    client.send(prefix_frame("1"));
    entered.wait();
    const auto stop_time = std::chrono::steady_clock::now();
    server->stop();
    const auto other = std::async(std::launch::async, [&] { server->join(); });
    while (log.warnings().size() < 2 && std::chrono::steady_clock::now() - stop_time < patience) {
        EXPECT_FALSE(server->join_for(milliseconds(100)));
    }
    const std::vector<LogCapture::Line> reports = log.warnings();
    leave.open();
    ASSERT_EQ(reports.size(), 2u);
    EXPECT_GE(reports[0].time - stop_time, drain);
    EXPECT_GE(reports[1].time - reports[0].time, 2 * drain - milliseconds(50));
}

}  // namespace
