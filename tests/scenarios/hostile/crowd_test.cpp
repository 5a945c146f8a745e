// SPDX-License-Identifier: Apache-2.0
#include "scenarios/hostile/crowd.hpp"

#include "integration/wire_formats.hpp"
#include "scenarios/hostile/attack.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <ostream>
#include <tuple>

/// Many hostile clients at a time: those that send everything there is, those that read slowly or
/// never, and messages that do not end. All of them together keep to the server's memory budget.
namespace {

using namespace test_support;
using jsocket::Framing;

/// The first half of a message.
std::string unfinished(Framing framing) {
    const std::string whole = frame(framing, '"' + std::string(100'000, 'u'));
    return whole.substr(0, whole.size() / 2);
}

struct Kind {
    const char* name;
    ServerKind kind;
};
std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

struct Habit {
    const char* name;
    Reading reading;
    std::size_t clients;
    std::size_t texts;
};
std::ostream& operator<<(std::ostream& out, const Habit& habit) { return out << habit.name; }

class HostileCrowd : public testing::TestWithParam<std::tuple<Kind, Habit>> {
  protected:
    static bool speaks_rpc() { return std::get<0>(GetParam()).kind == ServerKind::rpc; }

    /// Each member sends traffic of a kind of its own, in one of the wire formats.
    static void fill(Crowd& crowd, std::uint64_t seed) {
        const Habit& habit = std::get<1>(GetParam());
        const std::size_t texts = sanitized ? 2 : habit.texts;
        for (std::size_t i = 0; i < crowd.size(); ++i) {
            const Framing framing = all_formats[i % std::size(all_formats)];
            const Traffic& traffic = all_traffic()[i % all_traffic().size()];
            Course course(seed + i, hostile_limits);
            for (; course.number < texts; ++course.number) {
                crowd.say(i, frame(framing, traffic.next(course)));
            }
            crowd.say(i, unfinished(framing));
        }
    }

    /// A client like any other is served.
    static void expect_served(const HostedServer& server) {
        Opponent honest = Opponent::client(server.port(), Framing::prefix);
        EXPECT_TRUE(speaks_rpc() ? honest.converse_rpc("{}") : honest.converse("[1]"));
    }

    /// A crowd with a server of its own, so that the seed alone decides.
    static void attack(std::uint64_t seed) {
        SCOPED_TRACE("JSOCKET_SEED=" + std::to_string(seed));
        const auto& [kind, habit] = GetParam();
        const jsocket::ServerOptions options = crowded_server_options();
        const HostedServer server(kind.kind, options);
        expect_served(server);
        const MemoryWatch memory(server.pid());
        Crowd crowd(server.port(), habit.clients, habit.reading);
        fill(crowd, seed);
        EXPECT_TRUE(wait_until([&] { return crowd.go_on() == 0; }, 6 * patience));
        const std::size_t each = speaks_rpc()
                                     ? connection_bound(hostile_limits, hostile_rpc_options())
                                     : connection_bound(hostile_limits);
        const std::size_t bound = resident_bound(server_bound(options, each, habit.clients));
        const std::size_t peak = memory.peak();
        print_growth("crowd", peak, bound);
        EXPECT_TRUE(!memory.counted() || peak < bound) << peak;
        expect_served(server);

        const std::size_t rest = resident_bound(habit.clients * resting_bound(hostile_limits));
        const bool given_back = wait_until([&] {
            crowd.trickle();
            return !memory.counted() || memory.now() < rest;
        });
        print_growth("at rest", memory.now(), rest);
        std::printf("%zu cuts, %zu connected\n", crowd.cuts(), crowd.connected());
        EXPECT_TRUE(given_back) << memory.now();
        expect_served(server);
    }
};

INSTANTIATE_TEST_SUITE_P(
    Hostile, HostileCrowd,
    testing::Combine(testing::Values(Kind{"Echo", ServerKind::echo},
                                     Kind{"SmallReplies", ServerKind::small},
                                     Kind{"Payload", ServerKind::payload},
                                     Kind{"Rpc", ServerKind::rpc}),
                     testing::Values(Habit{"ThatReads", Reading::at_once, 46, 10},
                                     Habit{"ThatReadsSlowly", Reading::slowly, 23, 20},
                                     Habit{"ThatNeverReads", Reading::never, 23, 70})),
    [](const auto& info) {
        return std::string(std::get<0>(info.param).name) + std::get<1>(info.param).name;
    });

TEST_P(HostileCrowd, TakesNoMoreThanTheBudgetAndLeavesLittleBehind) {
    for (int round = 0; round < rounds(); ++round) {
        attack(first_seed() + static_cast<std::uint64_t>(round));
    }
}

}  // namespace
