// SPDX-License-Identifier: Apache-2.0
#include "scenarios/child_process.hpp"
#include "scenarios/rounds.hpp"
#include "scenarios/wire_record.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace {

using namespace test_support;

/// Where the server is, and how the process ends.
class ProcessEnd : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(ProcessEnd, WhileClientsAreConnectedIsNoCrash) {
    const auto& [server, end] = GetParam();
    const bool one_client = server == "global-threaded";
    for (int i = 0; i < 3; ++i) {
        ChildProcess program({JSOCKET_SCENARIO_EXIT, server, end});
        const std::string endpoint = program.read_line();
        const auto port = std::uint16_t(std::stoi(endpoint.substr(endpoint.find(':') + 1)));
        std::atomic<std::size_t> received{0};
        std::vector<std::unique_ptr<PipeliningClient>> clients;
        for (int j = 0; j < (one_client ? 1 : 3); ++j) {
            clients.push_back(std::make_unique<PipeliningClient>(port, received));
        }
        ASSERT_TRUE(yield_until([&] { return received > 10'000; }));
        program.close_input();
        EXPECT_EQ(program.wait(), 0) << program.errors();
        EXPECT_EQ(program.errors(), "");
    }
}

INSTANTIATE_TEST_SUITE_P(Scenario, ProcessEnd,
                         testing::Combine(testing::Values("global", "global-threaded", "plain",
                                                          "local", "leaked"),
                                          testing::Values("return", "exit", "quick_exit", "_exit")),
                         [](const auto& info) {
                             std::string name =
                                 std::get<0>(info.param) + "_" + std::get<1>(info.param);
                             for (char& c : name) {
                                 if (c == '-') c = '_';
                             }
                             return name;
                         });

TEST(GlobalServer, LogsWhatItsLastHooksDo) {
    ChildProcess program({JSOCKET_SCENARIO_EXIT, "grumbler", "return"});
    const std::string endpoint = program.read_line();
    RawPeer client =
        RawPeer::connect(std::uint16_t(std::stoi(endpoint.substr(endpoint.find(':') + 1))));
    client.send(prefix_frame("1"));
    EXPECT_EQ(client.receive_prefix_frame(), "1");
    program.close_input();
    EXPECT_THAT(program.read_all(), testing::HasSubstr("farewell"));
    EXPECT_EQ(program.wait(), 0) << program.errors();
}

TEST(UnloadedLibrary, ThatHasRunServersLeavesNothingBehind) {
    ChildProcess host({JSOCKET_SCENARIO_HOST, JSOCKET_SCENARIO_PLUGIN});
    EXPECT_EQ(host.wait(), 0) << host.errors();
    EXPECT_EQ(host.errors(), "");
}

}  // namespace
