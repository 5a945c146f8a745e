// SPDX-License-Identifier: Apache-2.0
#include "torture/torture.hpp"

#include <cerrno>
#include <vector>

namespace {

using namespace test_support;
using jsocket::Framing;
using jsocket::ServerOptions;

/// What each call is made to fail with: what the system is known to say, and some that it hardly
/// does. Not what the library rightly takes for impossible: an event descriptor that is never read
/// can be written to, if no signal comes in between; and close(2) has closed, whatever it says.
std::vector<Cause> causes() {
    const std::vector<int> usual{EINTR,        EAGAIN, ENOBUFS,   ENOMEM,
                                 ECONNABORTED, EPROTO, ETIMEDOUT, ECONNRESET};
    std::vector<Cause> causes;
    const auto add = [&](Call call, const std::vector<int>& errors) {
        for (const int error : errors) causes.push_back({call, error});
    };
    for (const Call call : {Call::socket, Call::bind, Call::listen, Call::accept4, Call::connect,
                            Call::recv, Call::send, Call::poll, Call::setsockopt, Call::getsockopt,
                            Call::getsockname, Call::getpeername, Call::fcntl, Call::eventfd}) {
        add(call, usual);
    }
    for (const Call call : {Call::socket, Call::accept4, Call::fcntl, Call::eventfd}) {
        add(call, {EMFILE, ENFILE});
    }
    add(Call::connect, {ECONNREFUSED, ENETUNREACH});
    add(Call::send, {EPIPE});
    add(Call::shutdown, {ENOTCONN});
    add(Call::write, {EINTR});
    add(Call::pthread_create, {EAGAIN, ENOMEM});
    add(Call::close, {EINTR, EIO});
    add(Call::getrlimit, {ENOMEM});
    return causes;
}

/// Runs `life` with every cause; with some occurrences of each unless all are to be tried.
template <typename Life>
void torture_with_all(std::size_t samples, const Life& life) {
    warm_up(life);
    std::size_t faults = 0;
    for (const Cause& cause : causes()) faults += torture(cause, samples, life);
    report(faults);
}

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
