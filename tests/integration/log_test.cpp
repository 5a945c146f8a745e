// SPDX-License-Identifier: Apache-2.0
#include "support/log.hpp"

#include "server/scripted.hpp"
#include "support/log_capture.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

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

TEST(Log, IsNotFloodedByClientsThatSendWhatIsNoMessage) {
    const LogCapture log;
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
    EXPECT_GE(log.lines().size(), 1u);
    EXPECT_LE(log.lines().size(), static_cast<std::size_t>(seconds.count()) + 1);
}

/// Have two lines been less than the pause of a throttle apart, one with `left`, one with `right`?
bool close_together(const std::vector<LogCapture::Line>& lines, const std::string& left,
                    const std::string& right) {
    const auto pause = std::chrono::milliseconds(999);
    return std::any_of(lines.begin(), lines.end(), [&](const LogCapture::Line& first) {
        return first.text.find(left) != std::string::npos &&
               std::any_of(lines.begin(), lines.end(), [&](const LogCapture::Line& second) {
                   const auto between = second.time - first.time;
                   return second.text.find(right) != std::string::npos && between < pause &&
                          between > -pause;
               });
    });
}

TEST(Log, ShowsAFailureThoughAnotherClientFailsInAnotherWayAllTheTime) {
    const LogCapture log;
    Running<ServerFactory<ScriptedWorker>> server;
    const auto fail = [&](const std::string& text) {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(text);
        EXPECT_TRUE(peer.closed_by_peer());
    };
    EXPECT_TRUE(wait_until([&] {
        fail("GET / HTTP/1.1\r\n\r\n");
        fail(prefix_frame("\"\xff\""));
        return close_together(log.lines(), "bad_header", "invalid_utf8");
    }));
}

/// Has a peer send `message` until the library has logged something about it.
void expect_harmless(const std::string& message, const Hooks<ScriptedWorker>& hooks) {
    const LogCapture log;
    {
        Running<ServerFactory<ScriptedWorker>> server(ServerOptions{}, hooks);
        ASSERT_TRUE(wait_until([&] {  // a second after the line before
            RawPeer peer = RawPeer::connect(server.port());
            peer.send(prefix_frame(message));
            return peer.closed_by_peer() && !log.lines().empty();
        }));
    }
    for (const LogCapture::Line& line : log.lines()) {
        EXPECT_LE(line.text.size(), 1024u);
        EXPECT_TRUE(std::all_of(line.text.begin(), line.text.end(), [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
        })) << line.text;
    }
}

TEST(Log, ShowsNothingOfAPeersThatCouldPassForAnotherLine) {
    const std::string forged = "\r\n\x1b[31mcritical: \x7f" + std::string(3'000'000, 'x');
    expect_harmless('"' + forged + '"', {});
    Hooks<ScriptedWorker> hooks;
    hooks.message = [](auto&, json& message) -> std::optional<json> {
        throw std::runtime_error("no such thing: " + message.get<std::string>());
    };
    expect_harmless(json(forged).dump(), hooks);
}

}  // namespace
