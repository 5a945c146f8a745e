// SPDX-License-Identifier: Apache-2.0
#include "scenarios/child_process.hpp"
#include "scenarios/rounds.hpp"
#include "scenarios/wire_record.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"
#include "support/temporary_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

namespace {

using namespace test_support;
using testing::HasSubstr;

std::uint16_t port_in(const std::string& line) {
    return std::uint16_t(std::stoi(line.substr(line.rfind(':') + 1)));
}

TEST(Sigterm, UnderLoadEndsTheCommandWithNoHalfFrameOnTheWire) {
    Random random(52);
    int judged = 0;
    for (int i = 0; i < 20; ++i) {
        ChildProcess server({JSOCKET_COMMAND, "serve", "--echo", "--bind", "127.0.0.1:0"});
        const std::uint16_t port = port_in(server.read_line());
        std::atomic<std::size_t> received{0};
        std::vector<std::unique_ptr<PipeliningClient>> clients;
        for (int j = 0; j < 4; ++j) {
            clients.push_back(std::make_unique<PipeliningClient>(port, received));
        }
        const auto enough = std::size_t(pick(random, 4'000'000));
        ASSERT_TRUE(yield_until([&] { return received >= enough; }));
        server.send_signal(SIGTERM);
        EXPECT_EQ(server.wait(), 0) << "round " << i;
        EXPECT_EQ(server.errors(), "");
        for (auto& client : clients) {
            const std::string fault = client->fault();
            if (client->was_away()) continue;
            ++judged;
            EXPECT_EQ(fault, "") << "round " << i;
        }
        EXPECT_ANY_THROW(RawPeer::connect(port));
    }
    RecordProperty("judged", judged);
    if (judged == 0) GTEST_SKIP() << "the machine is too busy to tell";
}

/// The descriptors that a program started here has open, by number: what each one is.
std::map<int, std::string> inherited() {
    ChildProcess list({"/bin/ls", "-l", "/proc/self/fd"});
    std::istringstream lines(list.read_all());
    EXPECT_EQ(list.wait(), 0);
    std::map<int, std::string> descriptors;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t arrow = line.find(" -> ");
        if (arrow == std::string::npos) continue;
        const int number = std::stoi(line.substr(line.rfind(' ', arrow - 1)));
        // Its own three, and the folder it lists.
        if (number > 2 && line.find("/proc/") == std::string::npos) {
            descriptors[number] = line.substr(arrow + 4);
        }
    }
    return descriptors;
}

/// Opens and closes all the library can have open, until it is told to stop.
void open_and_close(const std::atomic<bool>& stop) {
    const TemporaryDirectory folder;
    const std::string address = "unix:" + folder / "socket";
    while (!stop) {
        jsocket::Running<Factory::Server> local({.address = address});
        jsocket::JsonClient client({.address = address, .retry = {.attempts = 1}});
        client.connect();
        EXPECT_EQ(client.request(1), 1);
        jsocket::Running<Threaded::Server> named({.address = "localhost"});
        jsocket::JsonClient visitor(
            {.address = "localhost", .port = named.port(), .retry = {.attempts = 1}});
        visitor.connect();
        EXPECT_EQ(visitor.request(2), 2);
    }
}

TEST(ProgramStartedInAHook, InheritsNoDescriptorWhateverTheLibraryDoesMeanwhile) {
    constexpr int starts = 200;
    const auto before = inherited();
    std::atomic<bool> stop{false};
    std::thread other([&] { open_and_close(stop); });
    Hooks<ScriptedWorker> hooks;
    hooks.message = [&](auto&, json&) -> std::optional<json> { return inherited() == before; };
    jsocket::Running<Factory::Server> server(jsocket::ServerOptions{}, hooks);
    jsocket::JsonClient client = connected_client(server.port());
    for (int i = 0; i < starts; ++i) EXPECT_EQ(client.request(i), true) << "start " << i;
    stop = true;
    other.join();
}

}  // namespace
