// SPDX-License-Identifier: Apache-2.0
#include "support/memory.hpp"

#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <set>
#include <unistd.h>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Running;
using jsocket::ServerFactory;

/// Bytes the program has asked for, touched or not.
std::size_t allocated_memory() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

class ClaimedLength : public testing::Test {
  protected:
    /// Sessions that have claimed so much, sent a little, and wait for the rest.
    std::vector<RawPeer> claim(std::uint16_t port, int count, std::uint32_t length) {
        std::vector<RawPeer> peers;
        for (int i = 0; i < count; ++i) {
            peers.push_back(RawPeer::connect(port));
            peers.back().send(prefix_frame("1"));
            EXPECT_EQ(peers.back().receive_prefix_frame(), "1");
            peers.back().send(big_endian(length) + "\"" + std::string(99, 'x'));
        }
        return peers;
    }

    /// Waits until the server has read all there is.
    static void wait_until_read(const std::vector<RawPeer>& peers) {
        std::set<unsigned> ports;
        for (const RawPeer& peer : peers) ports.insert(peer.port());
        EXPECT_TRUE(wait_until([&] { return unread(ports) == 0; }));
    }

    /// Bytes in the receive queues at the other ends of connections from these ports; from /proc,
    /// since those ends are not ours.
    static std::size_t unread(const std::set<unsigned>& ports) {
        std::ifstream table("/proc/net/tcp");
        std::string line;
        std::getline(table, line);
        std::size_t sum = 0;
        while (std::getline(table, line)) {
            unsigned remote = 0;
            unsigned receiving = 0;
            if (std::sscanf(line.c_str(), " %*d: %*8x:%*x %*8x:%x %*x %*x:%x", &remote,
                            &receiving) == 2 &&
                ports.contains(remote)) {
                sum += receiving;
            }
        }
        return sum;
    }
};

TEST_F(ClaimedLength, CostsNoMemoryUntilTheBytesArrive) {
    Running<ServerFactory<ScriptedWorker>> server(
        jsocket::ServerOptions{.recv_timeout = 2 * patience, .message_deadline = 2 * patience});
    { const std::vector<RawPeer> warm_up = claim(server.port(), 100, 200); }
    ASSERT_TRUE(wait_until([&] { return server.active() == 0; }));

    const std::size_t resident = resident_memory();
    const std::size_t allocated = allocated_memory();
    const std::vector<RawPeer> peers = claim(server.port(), 100, 10 * 1024 * 1024);
    wait_until_read(peers);
    EXPECT_EQ(server.active(), 100u);
    if (sanitized) GTEST_SKIP() << "a sanitizer's own memory hides the server's";
    EXPECT_LT(resident_memory(), resident + 100 * 128 * 1024);
    EXPECT_LT(allocated_memory(), allocated + 100 * 128 * 1024);
}

TEST_F(ClaimedLength, OverTheLimitCostsNoMemoryAtAll) {
    Running<ServerFactory<ScriptedWorker>> server;
    const auto refuse = [&](std::uint32_t length) {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(prefix_frame("1") + big_endian(length));
        EXPECT_EQ(peer.receive_until_end(), prefix_frame("1"));
    };
    refuse(0xFFFF'FFFF);
    const std::size_t resident = resident_memory();
    for (int i = 0; i < 50; ++i) refuse(0xFFFF'FFFF - static_cast<std::uint32_t>(i));
    EXPECT_TRUE(
        wait_until([&] { return failures(server.client_stats(), Failure::oversize) == 51; }));
    if (sanitized) GTEST_SKIP() << "a sanitizer's own memory hides the server's";
    EXPECT_LT(resident_memory(), resident + 1024 * 1024);
}

TEST_F(ClaimedLength, OfABigMessageGivesItsMemoryBack) {
    Running<ServerFactory<ScriptedWorker>> server;
    std::vector<RawPeer> peers;
    for (int i = 0; i < 10; ++i) peers.push_back(RawPeer::connect(server.port()));
    const auto big_echo = [](RawPeer& peer) {
        const std::string text = "\"" + std::string(1'000'000, 'x') + "\"";
        peer.send(prefix_frame(text));
        EXPECT_EQ(peer.receive_prefix_frame().size(), text.size());
        for (int i = 0; i < 3; ++i) {
            peer.send(prefix_frame("1"));
            EXPECT_EQ(peer.receive_prefix_frame(), "1");
        }
    };
    const std::size_t allocated = allocated_memory();
    for (RawPeer& peer : peers) big_echo(peer);
    if (sanitized) GTEST_SKIP() << "a sanitizer's own memory hides the server's";
    EXPECT_LT(allocated_memory(), allocated + 3'000'000) << "of 10 sessions";
}

TEST(IdleConnection, GivesTheMemoryOfABigMessageBack) {
    if (sanitized) GTEST_SKIP() << "a sanitizer's own memory hides the server's";
    Running<ServerFactory<ScriptedWorker>> server;
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(prefix_frame("1"));
    EXPECT_EQ(peer.receive_prefix_frame(), "1");
    for (const char* text : {"first", "again"}) {
        SCOPED_TRACE(text);
        const std::size_t allocated = allocated_memory();
        {
            const std::string frame = prefix_frame("\"" + std::string(5'000'000, 'x') + "\"");
            peer.send(frame);
            EXPECT_TRUE(peer.receive(frame.size()) == frame);
        }
        EXPECT_TRUE(wait_until([&] { return allocated_memory() < allocated + 500'000; }))
            << allocated_memory() - allocated << " bytes are kept";
    }
    peer.send(prefix_frame("2"));
    EXPECT_EQ(peer.receive_prefix_frame(), "2");
}

/// Has a server make a tree of some 70 MB, of which it is then to give most back to the system.
class TreeOfManyValues : public testing::Test {
  protected:
    static Hooks<ScriptedWorker> counting() {
        Hooks<ScriptedWorker> hooks;
        hooks.message = [](auto&, json& message) { return json(message.size()); };
        return hooks;
    }

    void send_tree(RawPeer& peer) {
        peer.send(prefix_frame("1"));
        EXPECT_EQ(peer.receive_prefix_frame(), "1");
        resident = resident_memory();
        std::string objects = "[{}";
        for (int i = 1; i < 900'000; ++i) objects += ",{}";
        peer.send(prefix_frame(objects + "]"));
        EXPECT_EQ(peer.receive_prefix_frame(), "900000");
    }

    void expect_given_back() {
        EXPECT_TRUE(wait_until([&] { return resident_memory() < resident + 20'000'000; }))
            << resident_memory() - resident << " bytes are kept";
    }

    std::size_t resident = 0;
    Running<ServerFactory<ScriptedWorker>> server{jsocket::ServerOptions{}, counting()};
    RawPeer peer = RawPeer::connect(server.port());
};

TEST_F(TreeOfManyValues, IsGivenBackByAnIdleConnection) {
    if (sanitized) GTEST_SKIP() << "a sanitizer's own memory hides the server's";
    send_tree(peer);
    expect_given_back();
    peer.send(prefix_frame("2"));
    EXPECT_EQ(peer.receive_prefix_frame(), "1");
}

TEST_F(TreeOfManyValues, IsGivenBackByAConnectionThatEnds) {
    if (sanitized) GTEST_SKIP() << "a sanitizer's own memory hides the server's";
    send_tree(peer);
    peer.close();
    expect_given_back();
}

/// The most memory this process has had resident since begin(), in bytes.
class PeakMemory {
  public:
    /// Empty where the system cannot count anew.
    static std::optional<PeakMemory> begin() {
        std::ofstream reset("/proc/self/clear_refs");
        reset << "5" << std::flush;
        if (!reset) return std::nullopt;
        return PeakMemory();
    }
    /// The system counts in steps, so that it may seem to be less than at the beginning.
    std::size_t growth() const { return std::max(read(), start_) - start_; }

  private:
    static std::size_t read() {
        std::ifstream status("/proc/self/status");
        for (std::string line; std::getline(status, line);) {
            std::size_t kilobytes = 0;
            if (std::sscanf(line.c_str(), "VmHWM: %zu", &kilobytes) == 1) return kilobytes * 1024;
        }
        return 0;
    }

    std::size_t start_ = read();
};

TEST(HostilePayload, CostsNoMoreMemoryThanItsTextAndAMillionValues) {
    constexpr std::size_t size = 10 * 1024 * 1024;
    constexpr std::size_t million_values = 100'000'000;  // 16 bytes each, 64 more for an object
    std::string objects = "[{}";
    while (objects.size() + 4 < size) objects += ",{}";
    const std::pair<Failure, std::string> payloads[] = {
        {Failure::too_complex, prefix_frame(objects + "]")},
        {Failure::too_deep, prefix_frame(std::string(size, '['))},
        {Failure::invalid_json, prefix_frame(std::string(size, '7'))},
        {Failure::invalid_json, prefix_frame("\"" + std::string(size - 1, 'x'))},
    };
    for (const auto& [failure, bytes] : payloads) {
        SCOPED_TRACE(to_string(failure));
        Running<ServerFactory<ScriptedWorker>> server;
        RawPeer peer = RawPeer::connect(server.port());
        const std::optional<PeakMemory> peak = PeakMemory::begin();
        peer.send(bytes);
        EXPECT_EQ(peer.receive_until_end(), "");
        EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
        EXPECT_EQ(failures(server.client_stats(), failure), 1u);
        // Three times the text, for a buffer that doubles. Values are made until there are too
        // many.
        const std::size_t most = 3 * size + (failure == Failure::too_complex ? million_values : 0);
        EXPECT_TRUE(!peak || sanitized || peak->growth() < most) << peak->growth() << " bytes";
    }
}

}  // namespace
