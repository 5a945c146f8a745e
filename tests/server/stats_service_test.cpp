// SPDX-License-Identifier: Apache-2.0
#include "server/stats_service.hpp"

#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace {

using namespace test_support;
using jsocket::ClientStats;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;
using jsocket::ServerStats;
using jsocket::StatsService;

constexpr std::chrono::milliseconds age(100);
constexpr std::size_t most_always_new = 100;

/// How many looks there may be in a test that lasts so long.
std::size_t most_looks(const Stopwatch& stopwatch) {
    return static_cast<std::size_t>(stopwatch.elapsed() / age) + 1;
}

json request(json params = json::object()) {
    return {{"jsonrpc", "2.0"}, {"id", 1}, {"method", "rpc.stats"}, {"params", params}};
}

/// A service of so many clients; the one look after the other finds more messages.
class CountedLooks {
  public:
    CountedLooks(std::size_t clients, std::uint64_t connections)
        : clients_(clients), connections_(connections) {}

    json ask(const json& params = json::object()) {
        std::string reply;
        const json message =
            json::parse(request(params).dump());  // with the types that it has there
        service_.answer(
            message, [](json&) {}, reply);
        const json answer = json::parse(reply);
        EXPECT_TRUE(answer.contains("result")) << answer;
        return answer.value("result", json::object());
    }
    std::size_t looks() const { return looks_; }

  private:
    ServerStats look() {
        ServerStats stats;
        for (std::size_t i = 0; i < clients_; ++i) {
            const std::string name = "client " + std::to_string(i);
            stats.clients[name].client_id = name;
            stats.clients[name].messages_in = i;
        }
        stats.totals.connects = connections_ + 7;
        stats.totals.disconnects = 7;
        stats.totals.messages_in = ++looks_;
        return stats;
    }

    const std::size_t clients_;
    const std::uint64_t connections_;
    std::atomic<std::size_t> looks_{0};
    StatsService service_{"here", [this] { return look(); }, {}};
};

TEST(StatsServiceOfFewClients, LooksForEachRequest) {
    CountedLooks service(most_always_new, most_always_new);
    for (std::size_t i = 1; i <= 20; ++i) {
        EXPECT_EQ(service.ask().at("stats").at("totals").at("messages_in"), i);
    }
    EXPECT_EQ(service.looks(), 20u);
}

TEST(StatsServiceOfManyClients, LooksTenTimesASecondAtMost) {
    const std::pair<std::size_t, std::uint64_t> many[] = {{most_always_new + 1, 1},
                                                          {1, most_always_new + 1}};
    for (const auto& [clients, connections] : many) {
        const Stopwatch stopwatch;
        CountedLooks service(clients, connections);
        std::size_t answers = 0;
        EXPECT_TRUE(wait_until([&] {
            service.ask({{"by", ++answers % 2 == 0 ? "bytes" : "name"}});
            return service.looks() == 3;
        })) << "and it does look again";
        EXPECT_GE(stopwatch.elapsed(), 2 * age);
        EXPECT_LE(service.looks(), most_looks(stopwatch));
    }
}

TEST(StatsServiceOfManyClients, LooksOnceForManyWhoAskAtTheSameTime) {
    const Stopwatch stopwatch;
    CountedLooks service(most_always_new + 1, 1);
    std::vector<std::thread> threads;
    for (const char* order : {"messages", "bytes", "failures", "name", "messages", "name"}) {
        threads.emplace_back([&service, order] {
            for (int i = 0; i < 10; ++i) {
                const json result = service.ask({{"by", order}, {"top", 3}});
                EXPECT_EQ(result.at("stats").at("clients").size(), 3u);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(service.looks(), most_looks(stopwatch));
}

TEST(StatsServiceOfManyClients, TellsTheTimeOfItsFigures) {
    CountedLooks service(most_always_new + 1, 1);
    std::set<std::pair<double, double>> times;
    std::set<int> figures;
    EXPECT_TRUE(wait_until([&] {
        const json result = service.ask({{"top", 1}});
        times.emplace(result.at("uptime").get<double>(), result.at("time").get<double>());
        figures.insert(result.at("stats").at("totals").at("messages_in").get<int>());
        return figures.size() == 3;
    }));
    EXPECT_EQ(times.size(), figures.size());
}

TEST(StatsServiceOfManyClients, ChoosesAsManyAsAreAskedFor) {
    CountedLooks service(2000, 1);
    for (const std::size_t top : {1000u, 0u, 1u, 999u}) {
        const json clients = service.ask({{"top", top}}).at("stats").at("clients");
        EXPECT_EQ(clients.size(), top);
        EXPECT_EQ(clients.contains("client 1999"), top > 0);
        EXPECT_EQ(clients.contains("client 1000"), top == 1000);
    }
}

TEST(StatsRequestToABusyServer, IsAnsweredFromFiguresOfTheLast100Milliseconds) {
    Running<ServerFactory<ScriptedWorker>> server{ServerOptions{.answer_stats = true}};
    for (std::size_t i = 0; i < most_always_new; ++i) {
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(prefix_frame(R"({"client":")" + std::to_string(i) + "\"}"));
        peer.receive_prefix_frame();
    }
    ASSERT_TRUE(wait_until([&] { return server.active() == 0; }));
    JsonClient looker = connected_client(server.port());
    const auto knows_itself = [&] {
        const json stats = looker.request(request({{"by", "messages"}})).at("result").at("stats");
        return stats.at("clients").contains("looker");
    };
    looker.request({{"client", "looker"}});
    EXPECT_TRUE(wait_until(knows_itself));
    const Stopwatch stopwatch;
    std::set<double> looks;
    for (int i = 0; i < 100; ++i) {
        looks.insert(looker.request(request()).at("result").at("uptime").get<double>());
    }
    EXPECT_LE(looks.size(), most_looks(stopwatch) + 1);
}

}  // namespace
