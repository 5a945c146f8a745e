// SPDX-License-Identifier: Apache-2.0
#include "torture/torture.hpp"

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::ServerOptions;

constexpr Cause no_memory{Call::allocation, ENOMEM};

template <typename Kind>
class AllocationFaults : public ::testing::Test {};

TYPED_TEST_SUITE(AllocationFaults, BothKinds, KindNames);

TYPED_TEST(AllocationFaults, OfAServerCostOneClientAtMost) {
    const auto life = server_life<TypeParam>(ServerOptions{.port = 0});
    warm_up(life);
    report(torture(no_memory, 120, life));
}

TYPED_TEST(AllocationFaults, OfAServerOnAUnixDomainSocketCostOneClientAtMost) {
    const TemporaryDirectory folder;
    const auto life =
        server_life<TypeParam>(ServerOptions{.address = "unix:" + (folder / "socket"), .port = 0});
    warm_up(life);
    report(torture(no_memory, 40, life));
}

TEST(AllocationFaultsOfAJsonServer, CostOneCall) {
    const auto life = json_server_life();
    warm_up(life);
    report(torture(no_memory, 60, life));
}

class AllocationFaultsOfClients : public ::testing::TestWithParam<Framing> {};

INSTANTIATE_TEST_SUITE_P(Format, AllocationFaultsOfClients, ::testing::ValuesIn(all_formats));

TEST_P(AllocationFaultsOfClients, CostOneCall) {
    const auto life = client_life(GetParam(), "127.0.0.1");
    warm_up(life);
    report(torture(no_memory, 80, life));
}

TEST(AllocationFaultsOfNames, CostOneCall) {
    const auto life = client_life(Framing::prefix, two_addresses_name);
    warm_up(life);
    report(torture(no_memory, 60, life));
}

}  // namespace
