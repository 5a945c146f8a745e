// SPDX-License-Identifier: Apache-2.0
#include "core/memory_budget.hpp"
#include "socket/reactor.hpp"
#include "socket/socket_stream.hpp"
#include "support/raw_peer.hpp"
#include "support/waiting.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/json_socket.hpp>
#include <jsocket/testing/pipe.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <sys/socket.h>
#include <vector>

/// Payloads that nobody waits for, to a peer that reads when the test says so.
namespace {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::Framing;
using jsocket::JsonSocket;
using jsocket::MemoryAccount;
using jsocket::MemoryBudget;
using jsocket::Reactor;
using jsocket::SocketOptions;
using jsocket::SocketStream;

constexpr std::size_t megabyte = 1'000'000;

/// A string of this many bytes that begins with its number.
std::string text(int number, std::size_t size) {
    std::string payload = '"' + std::to_string(number) + ' ';
    payload.append(size, char('a' + number % 26));
    return payload + '"';
}

class LatePayloads : public testing::Test {
  protected:
    LatePayloads() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw_errno("socketpair");
        }
        near_end = ends[0];
        peer.emplace(FileDescriptor(ends[1]));
    }
    ~LatePayloads() override {
        socket.reset();
        reactor->stop();
    }

    void open(SocketOptions options = {}, MemoryAccount* account = nullptr) {
        options.framing = Framing::prefix;
        socket = std::make_unique<JsonSocket>(
            std::make_unique<SocketStream>(near_end, SocketStream::Kind::unix_domain, "test",
                                           nullptr),
            options, account, reactor);
    }

    void send_late(const std::string& payload) {
        socket->send_late_payload(payload, [this](bool left) { ++(left ? arrived : lost); });
    }

    std::shared_ptr<Reactor> reactor = std::make_shared<Reactor>(512 * 1024);
    std::atomic<int> arrived{0};
    std::atomic<int> lost{0};
    int near_end = -1;
    std::optional<RawPeer> peer;
    std::unique_ptr<JsonSocket> socket;
};

TEST_F(LatePayloads, LeaveAtOnceIfThereIsRoom) {
    open();
    send_late("1");
    EXPECT_EQ(arrived, 1);
    EXPECT_EQ(peer->receive_prefix_frame(), "1");
}

TEST_F(LatePayloads, KeepNobodyWaitingAndArriveInOrderOnceThePeerReads) {
    open({.send_timeout = jsocket::no_timeout});
    for (int i = 0; i < 20; ++i) send_late(text(i, megabyte));
    for (int i = 20; i < 100; ++i) send_late(text(i, 10));
    EXPECT_EQ(arrived, 0);
    for (int i = 0; i < 20; ++i) ASSERT_EQ(peer->receive_prefix_frame(), text(i, megabyte));
    for (int i = 20; i < 100; ++i) ASSERT_EQ(peer->receive_prefix_frame(), text(i, 10));
    EXPECT_TRUE(wait_until([&] { return arrived == 100; }));
    EXPECT_EQ(lost, 0);
}

TEST_F(LatePayloads, WaitNeitherForAThreadThatWaitsForThePeer) {
    open({.send_timeout = jsocket::no_timeout});
    auto push = waiting([&] { socket->send_payload(text(0, 2 * megabyte)); });
    send_late(text(1, 10));
    send_late(text(2, megabyte));
    std::set<std::string> received;
    for (int i = 0; i < 3; ++i) received.insert(peer->receive_prefix_frame());
    EXPECT_EQ(received, (std::set{text(0, 2 * megabyte), text(1, 10), text(2, megabyte)}));
    push.get();
    EXPECT_TRUE(wait_until([&] { return arrived == 2; }));
}

TEST_F(LatePayloads, AreFinishedBeforeWhatIsSentAfterThem) {
    open({.send_timeout = jsocket::no_timeout});
    send_late(text(0, megabyte));
    send_late(text(1, megabyte));
    auto push = waiting([&] { socket->send_payload("2"); });
    EXPECT_EQ(peer->receive_prefix_frame(), text(0, megabyte));
    EXPECT_EQ(peer->receive_prefix_frame(), text(1, megabyte));
    EXPECT_EQ(peer->receive_prefix_frame(), "2");
    push.get();
    EXPECT_TRUE(wait_until([&] { return arrived == 2; }));
}

TEST_F(LatePayloads, AreNotWaitedForByAFlushWithNothingToSend) {
    open({.send_timeout = jsocket::no_timeout});
    send_late(text(0, megabyte));
    socket->flush();
    EXPECT_EQ(arrived, 0);
    auto drain = waiting([&] { socket->drain(); });
    EXPECT_EQ(peer->receive_prefix_frame(), text(0, megabyte));
    drain.get();
    EXPECT_TRUE(wait_until([&] { return arrived == 1; }));
}

TEST_F(LatePayloads, OfManyThreadsArriveWholeAndOnce) {
    open({.send_timeout = jsocket::no_timeout});
    constexpr int threads = 4;
    constexpr int each = 200;
    std::vector<std::future<void>> senders;
    for (int t = 0; t < threads; ++t) {
        senders.push_back(std::async(std::launch::async, [&, t] {
            for (int i = t * each; i < (t + 1) * each; ++i) {
                const std::string payload = text(i, i % 7 == 0 ? 20'000 : 100);
                if (i % 10 == 0) {
                    socket->send_payload(payload);
                } else if (i % 10 == 1) {
                    socket->queue_payload(payload);
                    socket->flush();
                } else {
                    send_late(payload);
                }
            }
        }));
    }
    std::set<std::string> missing;
    for (int i = 0; i < threads * each; ++i) missing.insert(text(i, i % 7 == 0 ? 20'000 : 100));
    for (int i = 0; i < threads * each; ++i) {
        ASSERT_EQ(missing.erase(peer->receive_prefix_frame()), 1u);
    }
    for (auto& sender : senders) sender.get();
    EXPECT_TRUE(wait_until([&] { return arrived == threads * each * 8 / 10; }));
    EXPECT_EQ(lost, 0);
}

TEST_F(LatePayloads, CutAPeerThatTakesNothingForSendTimeout) {
    open({.send_timeout = 50ms});
    const Stopwatch stopwatch;
    for (int i = 0; i < 3; ++i) send_late(text(i, megabyte));
    EXPECT_TRUE(wait_until([&] { return lost == 3; }));
    EXPECT_GE(stopwatch.elapsed(), 50ms);
    EXPECT_TRUE(socket->write_failed());
    EXPECT_FALSE(socket->connected());
    send_late("4");
    EXPECT_TRUE(wait_until([&] { return lost == 4; }));
    EXPECT_EQ(arrived, 0);
    EXPECT_EQ(socket->lost().payloads, 4u);
    EXPECT_EQ(socket->lost().bytes, 3 * text(0, megabyte).size() + 1);
}

TEST_F(LatePayloads, AreLostWhenTheConnectionIsClosedOrDestroyed) {
    open({.send_timeout = jsocket::no_timeout});
    send_late(text(0, megabyte));
    socket->close();
    EXPECT_TRUE(wait_until([&] { return lost == 1; })) << "no reader, no time-out, no further send";
    EXPECT_FALSE(socket->write_failed());
    socket.reset();
    EXPECT_EQ(lost, 1);
}

TEST_F(LatePayloads, AreToldOfByTheDestructorAtTheLatest) {
    open({.send_timeout = jsocket::no_timeout});
    for (int i = 0; i < 5; ++i) send_late(text(i, megabyte));
    socket.reset();
    EXPECT_EQ(lost, 5);
}

TEST_F(LatePayloads, TellOfAPeerThatIsGone) {
    open();
    peer.reset();
    send_late("1");
    EXPECT_EQ(lost, 1);
    EXPECT_TRUE(socket->write_failed());
}

TEST_F(LatePayloads, ThatAreTooLargeAreAnErrorOfTheSender) {
    open({.limits = {.max_message_size = 10}});
    EXPECT_THROW(send_late(text(0, 8)), jsocket::UsageError);
    EXPECT_EQ(arrived + lost, 0);
    send_late(text(0, 6));
    EXPECT_EQ(peer->receive_prefix_frame(), text(0, 6));
}

TEST_F(LatePayloads, CountAsMemoryUntilTheyHaveLeft) {
    const auto budget = std::make_shared<MemoryBudget>(100 * megabyte);
    MemoryAccount account(budget, [] {});
    open({.send_timeout = jsocket::no_timeout}, &account);
    for (int i = 0; i < 10; ++i) send_late(text(i, megabyte));
    EXPECT_GE(budget->held(), 10 * megabyte - 300'000);
    for (int i = 0; i < 10; ++i) peer->receive_prefix_frame();
    EXPECT_TRUE(wait_until([&] { return arrived == 10; }));
    EXPECT_EQ(budget->held(), 0u);
    socket.reset();
}

TEST_F(LatePayloads, BeyondTheBudgetEndTheConnectionThatHasThem) {
    const auto budget = std::make_shared<MemoryBudget>(4 * megabyte);
    MemoryAccount account(budget, [this] { socket->close(); });
    open({.send_timeout = jsocket::no_timeout}, &account);
    for (int i = 0; i < 10; ++i) send_late(text(i, megabyte));
    EXPECT_TRUE(wait_until([&] { return lost == 10; }));
    EXPECT_EQ(budget->held(), 0u);
    socket.reset();
}

/// The stream has no descriptor.
TEST_F(LatePayloads, WaitForThePeerIfNobodyElseDoes) {
    auto [near, far] = jsocket::testing::pipe(10);
    JsonSocket piped(std::move(near), {.framing = Framing::prefix, .send_timeout = 20ms}, nullptr,
                     reactor);
    piped.send_late_payload("1", [this](bool left) { ++(left ? arrived : lost); });
    EXPECT_EQ(arrived, 1);
    piped.send_late_payload("\"longer than that\"",
                            [this](bool left) { ++(left ? arrived : lost); });
    EXPECT_EQ(lost, 1);
    EXPECT_TRUE(piped.write_failed());
    ::close(near_end);
}

}  // namespace
