// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/load_clients.hpp"
#include "scenarios/load/process.hpp"
#include "scenarios/load/server_process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

/// Many connections at a time, too many, and many one after the other.
namespace {

using namespace test_support;
using jsocket::JsonClient;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

/// A descriptor of the client and one of the server for each connection, and some to spare.
int affordable_connections(int wanted) {
    return std::min(wanted, static_cast<int>(raise_descriptor_limit()) - 200);
}

ServerOptions for_many() {
    ServerOptions options;
    options.limits.max_depth = 32;
    options.stack_size = 128 * 1024;  // as little as this depth allows
    options.max_connections = 20'000;
    return options;
}

TEST(TenThousandConnections, OfWhichAHundredAreActiveAreAllServed) {
    const int count = affordable_connections(scaled(10'000, 500));
    const ServerProcess server({.options = for_many()});
    const std::size_t threads = thread_count(server.pid());
    const std::size_t descriptors = descriptor_count(server.pid());
    const std::size_t before = resident_memory(server.pid());

    std::vector<RawPeer> idle;
    for (int i = 0; i < count * 99 / 100; ++i) {
        idle.push_back(connect_from(source_address(i), server.port()));
    }
    const std::size_t accepted = idle.size() + descriptors;
    ASSERT_TRUE(
        wait_until([&] { return descriptor_count(server.pid()) >= accepted; }, 3 * patience));
    const std::size_t each = (resident_memory(server.pid()) - before) / idle.size();
    std::printf("%zu idle connections, %zu bytes of memory each\n", idle.size(), each);
    EXPECT_TRUE(sanitized || each < 32 * 1024) << each;

    const Latencies latencies = ask_at_once(server.port(), count / 100, scaled(20, 5));
    std::printf("%d active ones: p50 %.3f ms, p99 %.3f ms\n", count / 100, latencies.percentile(50),
                latencies.percentile(99));
    EXPECT_EQ(latencies.wrong, 0u);
    EXPECT_EQ(latencies.size(), static_cast<std::size_t>(count / 100 * scaled(20, 5)));

    idle.clear();
    EXPECT_TRUE(wait_until([&] { return descriptor_count(server.pid()) <= descriptors; }));
    // Threads wait two seconds for another connection.
    EXPECT_TRUE(wait_until([&] { return thread_count(server.pid()) <= threads; }, 3 * patience))
        << threads << " threads have become " << thread_count(server.pid());
}

TEST(ConnectionsBeyondTheMaximum, AreRefusedTenThousandTimesWithoutALeak) {
    constexpr int allowed = 100;
    constexpr int refused = scaled(10'000, 2'000);
    const ServerProcess server({.options = {.max_connections = allowed}});
    std::vector<JsonClient> clients;
    for (int i = 0; i < allowed; ++i) {
        clients.push_back(connected_client(server.port()));
        ASSERT_EQ(clients.back().request(i), i);
    }
    const auto refuse = [&](int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(connect_from(source_address(i), server.port()).closed_by_peer());
        }
    };
    refuse(refused / 10);
    const std::size_t threads = thread_count(server.pid());
    const std::size_t descriptors = descriptor_count(server.pid());
    const std::size_t before = resident_memory(server.pid());
    refuse(refused - refused / 10);

    EXPECT_EQ(thread_count(server.pid()), threads);
    EXPECT_TRUE(wait_until([&] { return descriptor_count(server.pid()) == descriptors; }));
    EXPECT_TRUE(sanitized || resident_memory(server.pid()) < before + 1'000'000);
    for (int i = 0; i < allowed; ++i)
        ASSERT_EQ(clients[i].request(i), i) << "of those that were in";
    const json report = ServerProcess::report(clients.front());
    EXPECT_EQ(report.at("refused"), refused) << report;
    EXPECT_EQ(report.at("active"), allowed) << report;
    EXPECT_EQ(report.at("connects"), allowed) << report;
    EXPECT_EQ(report.at("entries"), allowed) << "the refused are no clients";
}

TEST(DescriptorExhaustion, CostsHardlyAnyTimeSparesThoseConnectedAndEndsByItself) {
    constexpr int clients = 200;
    const ServerProcess server({.descriptors = 64});
    std::vector<JsonClient> early;
    for (int i = 0; i < 5; ++i) early.push_back(connected_client(server.port()));
    for (JsonClient& client : early) ASSERT_EQ(client.request("early"), "early");
    ServerProcess::hoard(early.front());
    std::vector<RawPeer> late;  // in the queue of the listener; the server cannot take them
    for (int i = 0; i < clients; ++i) late.push_back(RawPeer::connect(server.port()));

    for (int i = 0; i < 100; ++i) ASSERT_EQ(early[i % early.size()].request(i), i);
    const auto before = cpu_time(server.pid());
    const Stopwatch watch;
    EXPECT_FALSE(late.back().readable(milliseconds(1500))) << "it is not closed, but waits";
    const auto spent = cpu_time(server.pid()) - before;
    EXPECT_LT(spent * 20, watch.elapsed()) << "less than 5 %";
    for (int i = 0; i < 100; ++i) ASSERT_EQ(early[i % early.size()].request(i), i);

    ServerProcess::release(early.front());
    // All are accepted now, and closed unless there is room for them.
    std::size_t closed = 0;
    for (RawPeer& peer : late) {
        try {
            peer.send(prefix_frame("1"));
        } catch (const std::system_error&) {  // closed since
        }
        closed += peer.closed_by_peer();
    }
    EXPECT_GT(closed, 0u);
    EXPECT_LT(closed, late.size()) << "the first few have room";
    late.clear();
    EXPECT_TRUE(wait_until([&] {
        try {
            return connected_client(server.port()).request("after") == "after";
        } catch (const jsocket::ConnectionError&) {
            return false;
        }
    }));
    EXPECT_GE(ServerProcess::report(early.front()).at("refused"), closed);
}

}  // namespace
