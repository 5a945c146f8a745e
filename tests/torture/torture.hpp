// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/fake_resolver.hpp"
#include "support/temporary_directory.hpp"
#include "torture/client_life.hpp"
#include "torture/json_server_life.hpp"
#include "torture/possessions.hpp"
#include "torture/server_life.hpp"

#include <cstring>
#include <iostream>
#include <string>

namespace test_support {

/// What fails, and how.
struct Cause {
    Call call = Call::none;
    int error = 0;
};

/// Runs `life`, which takes a Fault, with this one. Has it happened? What was done with is gone
/// afterwards, and nothing else.
template <typename Life>
bool survive(Cause cause, std::size_t occurrence, const Life& life, std::size_t* seen = nullptr) {
    SCOPED_TRACE(std::string(name_of(cause.call)) + " number " + std::to_string(occurrence) +
                 " fails: " + std::strerror(cause.error));
    const RunDeadline deadline(cause.call, occurrence, cause.error);
    const Possessions before;
    bool happened = false;
    {
        Fault fault(cause.call, occurrence, cause.error);
        life(fault);
        happened = fault.happened();
        if (seen) *seen = fault.seen();
    }
    before.expect_the_same_again();
    return happened;
}

/// Runs `life`, which has about `total` such calls, once for every fault of this kind, or for some.
/// Returns how many happened.
template <typename Life>
std::size_t torture(Cause cause, std::size_t samples, std::size_t total, const Life& life) {
    return fail_each(total, samples, [&](std::size_t n) { return survive(cause, n, life); });
}

template <typename Life>
std::size_t torture(Cause cause, std::size_t samples, const Life& life) {
    std::size_t total = 0;
    survive(cause, never, life, &total);
    return torture(cause, samples, total, life);
}

template <typename Kind>
auto server_life(const jsocket::ServerOptions& options) {
    return [options](Fault& fault) { ServerLife<Kind>(options, fault).run(); };
}

inline auto json_server_life() {
    return [](Fault& fault) { JsonServerLife(fault).run(); };
}

/// A client of a server that is well, on this address.
inline auto client_life(jsocket::Framing framing, const std::string& address) {
    return [framing, address](Fault& fault) {
        const bool unix_domain = address.starts_with("unix:");
        const jsocket::Running<jsocket::ServerFactory<ScriptedWorker>> server(
            jsocket::ServerOptions{.address = unix_domain ? address : "127.0.0.1", .port = 0});
        ClientLife({.address = address,
                    .port = server.port(),
                    .framing = framing,
                    .recv_timeout = patience,
                    .retry = {.attempts = 3, .initial_backoff = std::chrono::milliseconds(2)}},
                   fault)
            .run();
    };
}

/// Makes what is made once, on first use, and stays.
template <typename Life>
void warm_up(const Life& life) {
    Fault none(Call::none, never, 0);
    life(none);
    life(none);
}

inline void report(std::size_t faults) {
    std::cout << "faults injected: " << faults << (exhaustive() ? ", all" : ", a sample") << '\n';
    EXPECT_GT(faults, 0u);
}

}  // namespace test_support
