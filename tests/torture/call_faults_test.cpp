// SPDX-License-Identifier: Apache-2.0
#include "torture/causes.hpp"

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::ServerOptions;

template <typename Kind>
class CallFaults : public ::testing::Test {};

TYPED_TEST_SUITE(CallFaults, BothKinds, KindNames);

TYPED_TEST(CallFaults, OfAServerCostOneClientAtMost) {
    torture_with_all(2, server_life<TypeParam>(ServerOptions{.port = 0}));
}

TYPED_TEST(CallFaults, OfAServerOnAUnixDomainSocketCostOneClientAtMost) {
    const TemporaryDirectory folder;
    torture_with_all(1, server_life<TypeParam>(
                            ServerOptions{.address = "unix:" + (folder / "socket"), .port = 0}));
}

TEST(CallFaultsOfAJsonServer, CostOneCall) { torture_with_all(2, json_server_life()); }

class CallFaultsOfClients : public ::testing::TestWithParam<Framing> {};

INSTANTIATE_TEST_SUITE_P(Format, CallFaultsOfClients, ::testing::ValuesIn(all_formats));

TEST_P(CallFaultsOfClients, CostOneCall) {
    torture_with_all(2, client_life(GetParam(), "127.0.0.1"));
}

TEST(CallFaultsOfNames, CostOneCall) {
    torture_with_all(2, client_life(Framing::prefix, two_addresses_name));
}

TEST(CallFaultsOfClientsOnUnixDomainSockets, CostOneCall) {
    const TemporaryDirectory folder;
    torture_with_all(2, client_life(Framing::crc, "unix:" + (folder / "socket")));
}

}  // namespace
