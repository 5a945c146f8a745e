// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/process.hpp"
#include "scenarios/load/server_process.hpp"

#include <gtest/gtest.h>

/// A server that gets no processor for longer than any of its time-outs, as a laptop that sleeps or
/// a machine that is moved.
namespace {

using namespace test_support;
using std::chrono::milliseconds;

TEST(SuspendedServer, ServesAllThatCameMeanwhileWhenItGoesOn) {
    constexpr int clients = scaled(200, 50);
    constexpr milliseconds limit(1500);
    const ServerProcess server({.options = {.recv_timeout = limit, .message_deadline = limit}});
    std::vector<RawPeer> peers;
    for (int i = 0; i < clients; ++i) {
        peers.push_back(RawPeer::connect(server.port()));
        peers.back().send(prefix_frame("1"));
        ASSERT_EQ(peers.back().receive_prefix_frame(), "1");
    }
    // A third are idle, and two thirds have begun a message.
    const std::string message = prefix_frame("\"" + std::string(100'000, 'x') + "\"");
    const std::string_view rest = std::string_view(message).substr(1000);
    for (int i = 0; i < clients; ++i) {
        if (i % 3 != 0) peers[i].send(message.substr(0, 1000));
    }
    server.suspend();
    for (int i = 0; i < clients; ++i) {
        if (i % 3 == 1) peers[i].send(rest);
        if (i % 3 == 0) peers[i].send(message);
    }
    std::vector<RawPeer> newcomers;
    for (int i = 0; i < clients / 10; ++i) {
        newcomers.push_back(RawPeer::connect(server.port()));
        newcomers.back().send(message);
    }
    EXPECT_FALSE(peers.front().readable(limit + limit / 2)) << "it is stopped";
    // For the last third, the rest comes when its deadline has passed.
    for (int i = 0; i < clients; ++i) {
        if (i % 3 == 2) peers[i].send(rest);
    }
    server.resume();
    for (RawPeer& peer : peers) ASSERT_TRUE(peer.receive(message.size()) == message);
    for (RawPeer& peer : newcomers) ASSERT_TRUE(peer.receive(message.size()) == message);
    json report = server.report();
    EXPECT_EQ(report.at("active"), peers.size() + newcomers.size() + 1) << report;
    for (const char* name : {"timeout", "reset", "bad_write", "closed_mid_message", "framing"}) {
        EXPECT_FALSE(report.contains(name)) << report;
    }
}

}  // namespace
