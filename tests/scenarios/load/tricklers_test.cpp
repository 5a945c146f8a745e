// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/load_clients.hpp"
#include "scenarios/load/process.hpp"
#include "scenarios/load/server_process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

/// Clients that send a byte now and then, to hold a thread each, and what others notice of them.
namespace {

using namespace test_support;
using std::chrono::milliseconds;

constexpr int crowd = scaled(500, 50);
constexpr milliseconds recv_timeout(1000);
constexpr milliseconds message_deadline(1500);
constexpr milliseconds period(100);  // from one byte of a client to its next

/// Connects so many clients, which trickle from a thread until each has been cut.
class Tricklers {
  public:
    explicit Tricklers(std::uint16_t port) {
        for (int i = 0; i < crowd; ++i) {
            peers_.push_back(RawPeer::connect(port));
            peers_.back().send(big_endian(1'000'000));
        }
        open_ = crowd;
        thread_ = std::thread([this] { trickle(); });
    }
    ~Tricklers() { thread_.join(); }

    int open() const { return open_; }

    /// Has none of them been silent for as long as the server cuts silent ones, as the machine was
    /// too slow? To be called once none is open.
    bool steady() const { return latest_ + period < recv_timeout; }

    /// How long each has lasted; to be called once none is open.
    const std::vector<milliseconds>& lasted() const { return lasted_; }

  private:
    /// A tenth of them at a time, so that their bytes are spread evenly over the period.
    void trickle() {
        const auto begin = std::chrono::steady_clock::now();
        latest_ = watch_.elapsed();  // since the first one connected
        for (int step = 1; open_ > 0 && watch_.elapsed() < 2 * patience; ++step) {
            const auto due = begin + step * period / 10;
            std::this_thread::sleep_until(due);
            const auto late = std::chrono::steady_clock::now() - due;
            latest_ = std::max(latest_, std::chrono::ceil<milliseconds>(late));
            for (int i = step % 10; i < crowd; i += 10) {
                if (peers_[i].fd() >= 0) send_byte(peers_[i]);
            }
        }
        peers_.clear();
    }

    void send_byte(RawPeer& peer) {
        if (!peer.readable(milliseconds(0))) {
            try {
                return peer.send(" ");
            } catch (const std::exception&) {  // cut since it was looked at
            }
        }
        lasted_.push_back(watch_.elapsed());
        peer.close();
        --open_;
    }

    const Stopwatch watch_;
    std::vector<RawPeer> peers_;
    std::vector<milliseconds> lasted_;
    milliseconds latest_{0};  // how much later than planned bytes were sent, at most
    std::atomic<int> open_{0};
    std::thread thread_;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

class Trickling : public testing::Test {
  protected:
    /// The 99th percentile of well-behaved clients' requests, in milliseconds.
    double p99() {
        const Latencies latencies = ask_at_once(server.port(), 2, scaled(4000, 500));
        EXPECT_EQ(latencies.wrong, 0u);
        return latencies.percentile(99);
    }

    /// The same while a crowd trickles, which is cut afterwards, but not while this is measured;
    /// empty if the machine was too slow for that.
    std::optional<double> p99_among_tricklers() {
        Tricklers tricklers(server.port());
        const double result = p99();
        const bool all = tricklers.open() == crowd;
        EXPECT_TRUE(wait_until([&] { return tricklers.open() == 0; }, 2 * patience));
        cut += crowd;
        const auto& lasted = tricklers.lasted();
        EXPECT_EQ(lasted.size(), static_cast<std::size_t>(crowd));
        const auto [first, last] = std::minmax_element(lasted.begin(), lasted.end());
        EXPECT_TRUE(*first >= message_deadline || !tricklers.steady()) << first->count() << " ms";
        EXPECT_LE(*last, message_deadline + patience);
        return all ? std::optional(result) : std::nullopt;
    }

    ServerProcess server{
        {.options = {.recv_timeout = recv_timeout, .message_deadline = message_deadline}}};
    int cut = 0;
};

TEST_F(Trickling, CrowdIsCutAndOthersAreServedAlmostAsFastAsWithoutIt) {
    // What a single pause of a busy machine adds says nothing about the server.
    constexpr double scheduling = sanitized ? 20 : 1;
    bool fast = false;
    for (int attempt = 0; attempt < 3 && !fast; ++attempt) {
        std::vector<double> alone;
        std::vector<double> among;
        for (int round = 0; round < 3; ++round) {
            alone.push_back(p99());
            if (const auto time = p99_among_tricklers()) among.push_back(*time);
        }
        if (among.empty()) continue;
        std::printf("p99 %.3f ms alone, %.3f ms among %d tricklers\n", median(alone), median(among),
                    crowd);
        fast = median(among) <= 3 * std::max(median(alone), scheduling);
    }
    EXPECT_TRUE(fast);
    EXPECT_EQ(server.report().value("timeout", 0), cut);
}

}  // namespace
