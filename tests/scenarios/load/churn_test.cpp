// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/load_clients.hpp"
#include "scenarios/load/process.hpp"
#include "scenarios/load/server_process.hpp"

#include <gtest/gtest.h>

/// Clients that come and go without end: what a server uses must not grow with their number.
namespace {

using namespace test_support;

/// Samples of a quantity, taken after so many cycles.
class Series {
  public:
    void add(double cycles, double value) {
        x_.push_back(cycles);
        y_.push_back(value);
    }

    /// By how much the quantity grows in so many cycles, as the straight line has it that fits the
    /// second half of the samples best. The first half is for what fills up once.
    double growth_in(double cycles) const {
        const std::size_t begin = x_.size() / 2;
        const auto count = static_cast<double>(x_.size() - begin);
        double x = 0;
        double y = 0;
        for (std::size_t i = begin; i < x_.size(); ++i) {
            x += x_[i] / count;
            y += y_[i] / count;
        }
        double covariance = 0;
        double variance = 0;
        for (std::size_t i = begin; i < x_.size(); ++i) {
            covariance += (x_[i] - x) * (y_[i] - y);
            variance += (x_[i] - x) * (x_[i] - x);
        }
        return cycles * covariance / variance;
    }

  private:
    std::vector<double> x_;
    std::vector<double> y_;
};

TEST(Series, KnowsASlopeFromNoise) {
    Series flat;
    Series leaking;
    for (int i = 0; i < 100; ++i) {
        flat.add(i, i < 40 ? i : 50 + i % 2);
        leaking.add(i, 50 + i % 2 + 0.1 * i);
    }
    EXPECT_NEAR(flat.growth_in(100), 0, 0.5);
    EXPECT_NEAR(leaking.growth_in(100), 10, 0.5);
}

/// Connects, asks, and leaves: politely, so that this side keeps the port for a while, or with a
/// reset, or without having read the reply.
void visit(std::uint16_t port, int number) {
    RawPeer peer = connect_from(source_address(number), port);
    const std::string message =
        prefix_frame(R"({"client":"visitor )" + std::to_string(number) + R"(","text":"hello"})");
    peer.send(message);
    ASSERT_EQ(peer.receive(message.size()), message);
    if (number % 4 != 0) peer.reset();
}

TEST(Visitors, AHundredThousandOfThemLeaveNothingBehind) {
    const int cycles = scaled(100'000, 4'000);
    constexpr int samples = 200;
    constexpr std::size_t entries = 500;
    const ServerProcess server({.options = {.max_client_entries = entries}});
    Series memory;
    Series threads;
    Series descriptors;
    for (int i = 0; i < cycles; ++i) {
        ASSERT_NO_FATAL_FAILURE(visit(server.port(), i)) << "visitor " << i;
        if (i % (cycles / samples) != 0) continue;
        memory.add(i, static_cast<double>(resident_memory(server.pid())));
        threads.add(i, static_cast<double>(thread_count(server.pid())));
        descriptors.add(i, static_cast<double>(descriptor_count(server.pid())));
    }
    std::printf("in %d cycles: %.0f bytes, %.1f threads, %.1f descriptors\n", cycles,
                memory.growth_in(cycles), threads.growth_in(cycles), descriptors.growth_in(cycles));
    EXPECT_TRUE(sanitized || memory.growth_in(cycles) < 1'000'000);  // 10 bytes a visitor
    EXPECT_LT(threads.growth_in(cycles), 10 + cycles / 1000);
    EXPECT_LT(descriptors.growth_in(cycles), 10 + cycles / 1000);
    jsocket::JsonClient observer = connected_client(server.port());
    json report;
    // Those that are just ending are no longer active, but not yet among those that are forgotten.
    EXPECT_TRUE(wait_until([&] {
        report = ServerProcess::report(observer);
        return report.at("active") == 1 && report.at("entries") <= entries + 1;
    })) << report
        << "; the last entry is the observer's";
    EXPECT_LE(descriptor_count(server.pid()), 20u);
}

}  // namespace
