// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/memory.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::Failure;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

constexpr std::size_t mebibyte = 1024 * 1024;

/// Sends what the other end takes at once.
void send_some(const RawPeer& peer, std::string_view bytes) {
    static_cast<void>(::send(peer.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
}

/// A server with little memory, and clients that want a great deal of it.
class MemoryBudget : public testing::Test {
  protected:
    static ServerOptions options() {
        ServerOptions options;
        options.memory_budget = 16 * mebibyte;
        options.recv_timeout = patience;
        options.message_deadline = 500ms;
        return options;
    }

    static Hooks<ScriptedWorker> counting() {
        Hooks<ScriptedWorker> hooks;
        hooks.message = [](auto&, json& message) { return json(message.size()); };
        return hooks;
    }

    void connect(int count) {
        for (int i = 0; i < count; ++i) hostile.push_back(RawPeer::connect(server.port()));
    }

    /// A client like any other is served.
    void expect_served() {
        RawPeer honest = RawPeer::connect(server.port());
        honest.send(prefix_frame("[1,2,3]"));
        EXPECT_EQ(honest.receive_prefix_frame(), "3");
    }

    std::uint64_t cut() const { return failures(server.client_stats(), Failure::memory); }

    Running<ServerFactory<ScriptedWorker>> server{options(), counting()};
    std::vector<RawPeer> hostile;
};

TEST_F(MemoryBudget, HoldsForTwoHundredClientsWithHalfAMessageEach) {
    connect(200);
    const std::string begun = prefix_frame("\"" + std::string(mebibyte, 'x') + "\"");
    const std::size_t resident = resident_memory();
    std::size_t most = 0;
    const bool all_cut = wait_until([&] {
        for (const RawPeer& peer : hostile)
            send_some(peer, std::string_view(begun).substr(0, 65'536));
        most = std::max(most, resident_memory());
        return cut() > 0;
    });
    EXPECT_TRUE(all_cut);
    expect_served();
    const auto stats = server.client_stats();
    EXPECT_EQ(failures(stats), failures(stats, Failure::memory));
    // The budget, and of each client what is not counted: small buffers, a thread.
    EXPECT_TRUE(sanitized || most < resident + 40 * mebibyte) << most - resident;
}

TEST_F(MemoryBudget, HoldsForTreesWhileTheyGrow) {
    std::string objects = "[{}";
    for (int i = 1; i < 100'000; ++i) objects += ",{}";  // 8 MB as a tree
    const std::string frame = prefix_frame(objects + "]");
    connect(20);
    EXPECT_TRUE(wait_until([&] {
        for (const RawPeer& peer : hostile) send_some(peer, frame);
        return cut() >= 2;
    }));
    expect_served();
}

TEST_F(MemoryBudget, CutsWhoWantsMoreThanThereIs) {
    connect(1);
    const std::string text = "\"" + std::string(9 * mebibyte, 'x') + "\"";
    hostile[0].send(prefix_frame(text));
    EXPECT_EQ(hostile[0].receive_until_end(), "");
    EXPECT_TRUE(wait_until([&] { return cut() == 1; }));
    expect_served();
}

TEST_F(MemoryBudget, IsFreeAgainWhenItsClientsHaveGone) {
    const std::string frame = prefix_frame("\"" + std::string(2 * mebibyte, 'x') + "\"");
    for (int i = 0; i < 20; ++i) {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(frame);
        EXPECT_EQ(peer.receive_prefix_frame(), "1");
        peer.close();
        ASSERT_TRUE(wait_until([&] { return server.active() == 0; }));
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST_F(MemoryBudget, LetsStopEndWhoWaitsForRoom) {
    connect(40);
    const std::string begun = prefix_frame("\"" + std::string(mebibyte, 'x') + "\"");
    for (const RawPeer& peer : hostile) send_some(peer, std::string_view(begun).substr(0, 500'000));
    Stopwatch watch;
    server.stop();
    server.join();
    EXPECT_LT(watch.elapsed(), patience);
}

}  // namespace
