// SPDX-License-Identifier: Apache-2.0
#include "support/log.hpp"

#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <sstream>

namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

TEST(Throttle, LetsOneLineASecondThroughAndCountsTheOthers) {
    jsocket::log::Throttle throttle;
    const Stopwatch stopwatch;
    EXPECT_EQ(throttle.pass(), 0u);
    std::uint64_t others = 0;
    std::optional<std::uint64_t> next;
    while (!(next = throttle.pass()) && stopwatch.elapsed() < patience) ++others;
    EXPECT_EQ(next, others);
    EXPECT_GT(others, 0u);
    EXPECT_GE(stopwatch.elapsed(), std::chrono::milliseconds(999));
    EXPECT_EQ(throttle.pass(), std::nullopt);
}

/// What the library logs meanwhile.
class Log : public testing::Test {
  protected:
    Log() {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
        auto logger = std::make_shared<spdlog::logger>("jsocket", sink);
        logger->set_level(spdlog::level::info);
        logger->set_pattern("%v");
        spdlog::register_logger(logger);
    }
    ~Log() override { spdlog::drop("jsocket"); }

    std::vector<std::string> lines() const {
        std::istringstream text(text_.str());
        std::vector<std::string> result;
        for (std::string line; std::getline(text, line);) result.push_back(line);
        return result;
    }

  private:
    std::ostringstream text_;
};

TEST_F(Log, IsNotFloodedByClientsThatSendWhatIsNoMessage) {
    const Stopwatch stopwatch;
    {
        Running<ServerFactory<ScriptedWorker>> server;
        for (int i = 0; i < 100; ++i) {
            RawPeer peer = RawPeer::connect(server.port());
            peer.send("GET / HTTP/1.1\r\n\r\n");
            EXPECT_TRUE(peer.closed_by_peer());
        }
        EXPECT_TRUE(wait_until(
            [&] { return failures(server.client_stats(), jsocket::Failure::bad_header) == 100; }));
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(stopwatch.elapsed());
    EXPECT_GE(lines().size(), 1u);
    EXPECT_LE(lines().size(), static_cast<std::size_t>(seconds.count()) + 1);
}

TEST_F(Log, ShowsNothingOfAPeersThatCouldPassForAnotherLine) {
    const std::string name = "\r\n\x1b[31mcritical: \x7f" + std::string(3'000'000, 'x');
    {
        Running<ServerFactory<ScriptedWorker>> server;
        // A line of its own: what the test above has had logged is a second old by then.
        ASSERT_TRUE(wait_until([&] {
            RawPeer peer = RawPeer::connect(server.port());
            peer.send(prefix_frame('"' + name + '"'));
            return peer.closed_by_peer() && !lines().empty();
        }));
    }
    for (const std::string& line : lines()) {
        EXPECT_LE(line.size(), 1024u);
        EXPECT_TRUE(std::all_of(line.begin(), line.end(), [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
        })) << line;
    }
}

}  // namespace
