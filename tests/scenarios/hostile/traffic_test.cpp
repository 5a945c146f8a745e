// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "scenarios/hostile/attack.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <tuple>

/// Every kind of traffic against every kind of server and client, and what memory it costs them.
namespace {

using namespace test_support;
using jsocket::Framing;

/// What came of one kind of traffic.
struct Outcome {
    std::size_t growth = 0;  ///< of the attacked process
    std::size_t cuts = 0;    ///< texts that cost the connection
};

/// The largest growth there was, and whose it was.
struct Worst {
    void add(const Traffic& traffic, std::size_t its_growth) {
        if (its_growth < growth) return;
        growth = its_growth;
        name = traffic.name;
    }
    std::string name = "nothing";
    std::size_t growth = 0;
};

std::size_t bound_of(bool speaks_rpc) {
    return resident_bound(speaks_rpc ? connection_bound(hostile_limits, hostile_rpc_options())
                                     : connection_bound(hostile_limits));
}

/// Runs one kind of traffic against a process.
template <typename Subject>
Outcome outcome_of(const Subject& subject, Opponent& opponent, const Traffic& traffic, Dress dress,
                   std::uint64_t seed) {
    SCOPED_TRACE(describe(traffic, seed));
    Course warm_up(seed, hostile_limits);
    attack(opponent, {"small", [](Course&) { return std::string("[1]"); }}, warm_up, dress, 1);
    const MemoryWatch memory(subject.pid());
    Course course(seed, hostile_limits);
    const std::size_t cuts =
        attack(opponent, traffic, course, dress, texts_in_a_round(opponent.framing()));
    const std::size_t growth = memory.peak();
    EXPECT_TRUE(!memory.counted() || growth < bound_of(dress != Dress::none)) << growth;
    return {growth, cuts};
}

template <typename Run>
void with_all_traffic(Dress dress, const Run& run) {
    Worst worst;
    for (int round = 0; round < rounds(); ++round) {
        const std::uint64_t seed = first_seed() + static_cast<std::uint64_t>(round);
        std::size_t uncut = 0;
        for (const Traffic& traffic : all_traffic()) {
            const Outcome outcome = run(traffic, seed);
            worst.add(traffic, outcome.growth);
            if (outcome.cuts == 0) ++uncut;
        }
        // Most is valid, if nothing is wrong with the test itself.
        EXPECT_GT(2 * uncut, all_traffic().size());
    }
    print_growth(worst.name, worst.growth, bound_of(dress != Dress::none));
}

std::string name_of(Framing framing) { return "_" + std::string(to_string(framing)); }

const auto framings = testing::ValuesIn(all_formats);

struct AttackedServer {
    const char* name;
    ServerKind kind;
    Dress dress = Dress::none;
};
std::ostream& operator<<(std::ostream& out, const AttackedServer& attacked) {
    return out << attacked.name;
}

class ServerUnderAttack : public testing::TestWithParam<std::tuple<AttackedServer, Framing>> {};

INSTANTIATE_TEST_SUITE_P(
    Hostile, ServerUnderAttack,
    testing::Combine(testing::Values(AttackedServer{"Echo", ServerKind::echo},
                                     AttackedServer{"SmallReplies", ServerKind::small},
                                     AttackedServer{"Payload", ServerKind::payload},
                                     AttackedServer{"Threaded", ServerKind::threaded},
                                     AttackedServer{"Rpc", ServerKind::rpc, Dress::rpc},
                                     AttackedServer{"RpcCalls", ServerKind::rpc, Dress::call}),
                     framings),
    [](const auto& info) {
        return std::get<0>(info.param).name + name_of(std::get<1>(info.param));
    });

TEST_P(ServerUnderAttack, TakesNoMoreMemoryThanItsLimitsAllow) {
    const auto& [attacked, framing] = GetParam();
    with_all_traffic(attacked.dress,
                     [&, framing = framing](const Traffic& traffic, std::uint64_t seed) {
                         const HostedServer server(attacked.kind);
                         Opponent opponent = Opponent::client(server.port(), framing);
                         return outcome_of(server, opponent, traffic, attacked.dress, seed);
                     });
}

struct AttackedClient {
    const char* name;
    ClientKind kind;
    Dress dress = Dress::none;
};
std::ostream& operator<<(std::ostream& out, const AttackedClient& attacked) {
    return out << attacked.name;
}

class ClientUnderAttack : public testing::TestWithParam<std::tuple<AttackedClient, Framing>> {};

INSTANTIATE_TEST_SUITE_P(
    Hostile, ClientUnderAttack,
    testing::Combine(testing::Values(AttackedClient{"ReadInto", ClientKind::read_into},
                                     AttackedClient{"ReadNew", ClientKind::read_new},
                                     AttackedClient{"Rpc", ClientKind::rpc, Dress::rpc},
                                     AttackedClient{"RpcCalls", ClientKind::rpc, Dress::call}),
                     framings),
    [](const auto& info) {
        return std::get<0>(info.param).name + name_of(std::get<1>(info.param));
    });

TEST_P(ClientUnderAttack, TakesNoMoreMemoryThanItsLimitsAllow) {
    const auto& [attacked, framing] = GetParam();
    with_all_traffic(attacked.dress,
                     [&, framing = framing](const Traffic& traffic, std::uint64_t seed) {
                         HostedClient client(attacked.kind, framing);
                         Opponent opponent = Opponent::server(framing);
                         client.connect_to(opponent.port());
                         return outcome_of(client, opponent, traffic, attacked.dress, seed);
                     });
}

TEST(Traffic, IsTheSameForTheSameSeed) {
    for (const Traffic& traffic : all_traffic()) {
        SCOPED_TRACE(traffic.name);
        Course first(7, hostile_limits);
        Course second(7, hostile_limits);
        for (; first.number < 5; ++first.number, ++second.number) {
            const std::string text = traffic.next(first);
            EXPECT_EQ(text, traffic.next(second));
            EXPECT_LE(text.size(), hostile_limits.max_message_size);
            EXPECT_EQ(text.find('\n'), std::string::npos);
        }
    }
}

}  // namespace
