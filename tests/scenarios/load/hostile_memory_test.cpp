// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/process.hpp"
#include "scenarios/load/server_process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <poll.h>

/// What clients can make a server spend that claim much, or send much of little worth.
namespace {

using namespace test_support;
using jsocket::JsonClient;
using std::chrono::milliseconds;

constexpr std::size_t mebibyte = 1024 * 1024;

/// When each of the peers was closed by the other side, as time since `watch` was started.
std::vector<milliseconds> closing_times(const std::vector<RawPeer>& peers, const Stopwatch& watch,
                                        milliseconds limit) {
    std::vector<pollfd> entries;
    for (const RawPeer& peer : peers) entries.push_back({peer.fd(), POLLIN, 0});
    std::vector<milliseconds> closed;
    while (closed.size() < peers.size() && watch.elapsed() < limit) {
        ::poll(entries.data(), entries.size(), 100);
        for (pollfd& entry : entries) {
            if (entry.revents == 0) continue;
            char byte;
            EXPECT_LE(::recv(entry.fd, &byte, 1, MSG_DONTWAIT), 0) << "nobody was answered";
            closed.push_back(watch.elapsed());
            entry = {-1, 0, 0};
        }
    }
    return closed;
}

TEST(UnfinishedMessages, OfAThousandSessionsCostLittleMemoryAndEndAtTheirDeadline) {
    constexpr std::size_t count = scaled(1000, 200);
    constexpr milliseconds deadline(3000);
    const ServerProcess server(
        {.options = {.recv_timeout = 3 * patience, .message_deadline = deadline}});
    const std::size_t before = resident_memory(server.pid());
    std::vector<RawPeer> peers;
    const Stopwatch watch;
    milliseconds latest_begin{};
    for (std::size_t i = 0; i < count; ++i) {
        peers.push_back(RawPeer::connect(server.port()));
        peers.back().send(big_endian(10 * mebibyte) + "\"" + std::string(99, 'x'));
        latest_begin = watch.elapsed();
    }
    JsonClient client = connected_client(server.port());
    ASSERT_EQ(client.request("alive"), "alive");
    // All have sent their part, and none has passed its deadline, if the machine is not too busy.
    const std::size_t growth = resident_memory(server.pid()) - before;
    std::printf("%zu sessions: %zu KiB each, begun within %lld ms\n", count, growth / count / 1024,
                static_cast<long long>(latest_begin.count()));
    const std::vector<milliseconds> closed = closing_times(peers, watch, deadline + 2 * patience);
    ASSERT_EQ(closed.size(), count);
    EXPECT_GE(closed.front(), deadline - milliseconds(20));
    EXPECT_LE(closed.back(), latest_begin + deadline + patience);
    peers.clear();
    EXPECT_EQ(ServerProcess::report(client).value("timeout", 0u), count);
    EXPECT_TRUE(sanitized || growth < count * 64 * 1024) << growth;
}

/// As many as fit into `size` bytes, in an array.
std::string array_of(std::string_view value, std::size_t size) {
    std::string text = "[";
    while (text.size() + value.size() + 2 < size) (text += value) += ",";
    return (text += value) += "]";
}

class TenMegabytes : public testing::TestWithParam<std::pair<const char*, std::string>> {
  protected:
    /// What the server spends on a connection that sends one message and is answered or closed.
    std::chrono::microseconds cost(const std::string& payload, bool answered) {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(prefix_frame("1"));
        EXPECT_EQ(peer.receive_prefix_frame(), "1");
        const auto before = cpu_time(server.pid());
        peer.send(prefix_frame(payload));
        if (answered) {
            EXPECT_EQ(peer.receive_prefix_frame().size(), payload.size());
        } else {
            EXPECT_EQ(peer.receive_until_end(), "");
        }
        const auto spent = cpu_time(server.pid()) - before;
        peer.close();
        return spent;
    }

    static constexpr std::size_t size = scaled(10'000'000, 1'000'000);
    ServerProcess server{{.options = {.limits = {.max_elements = size / 10},  // a million
                                      .recv_timeout = 3 * patience}}};
};
INSTANTIATE_TEST_SUITE_P(Of, TenMegabytes,
                         testing::Values(std::pair("EmptyObjects", "{},"),
                                         std::pair("EmptyStrings", "\"\","),
                                         std::pair("EmptyArrays", "[],"), std::pair("Zeros", "0,"),
                                         std::pair("Members", "{\"\":0},"),
                                         std::pair("Brackets", "["),
                                         std::pair("OpenObjects", "{\"\":")),
                         [](const auto& info) { return info.param.first; });

TEST_P(TenMegabytes, OfLittleWorthAreRefusedAndCostNotMuchMoreThanHonestOnes) {
    const auto& [name, unit] = GetParam();
    const bool nested = unit == "[" || unit == "{\"\":";
    std::string hostile;
    if (nested) {
        while (hostile.size() < size) hostile += unit;
    } else {
        hostile = array_of(unit.substr(0, unit.size() - 1), size);
    }
    const std::string honest = array_of(
        R"({"name":"somebody with quite a long name","number":12345,"list":[1,2,3]})", size);
    const auto benign = std::min(cost(honest, true), cost(honest, true));

    const bool counted = reset_peak_memory(server.pid());
    const std::size_t before = resident_memory(server.pid());
    const auto spent = std::min(cost(hostile, false), cost(hostile, false));
    const std::size_t growth =
        peak_memory(server.pid()) - std::min(before, peak_memory(server.pid()));
    std::printf("%s: %lld us, an honest message %lld us; peak %zu MB\n", name,
                static_cast<long long>(spent.count()), static_cast<long long>(benign.count()),
                growth / 1'000'000);
    // A million values cost what they cost in an honest message; more are not read.
    EXPECT_LT(spent, nested ? benign : 3 * benign);
    const json report = server.report();
    EXPECT_EQ(report.value(nested ? "too_deep" : "too_complex", 0), 2) << report;
    // A buffer that doubles, room for the reply, and a million values of up to 100 bytes.
    const std::size_t most = 4 * size + (nested ? 0 : 100'000'000);
    EXPECT_TRUE(!counted || sanitized || growth < most) << growth;
}

}  // namespace
