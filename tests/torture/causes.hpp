// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "torture/torture.hpp"

#include <cerrno>
#include <cstddef>
#include <map>
#include <vector>

namespace test_support {

/// What each call is made to fail with: what the system is known to say, and some that it hardly
/// does. Not what the library rightly takes for impossible: an event descriptor that is never read
/// can be written to, if no signal comes in between; and close(2) has closed, whatever it says.
inline std::vector<Cause> causes() {
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
    std::map<Call, std::size_t> totals;
    for (const Cause& cause : causes()) {
        const auto [total, unknown] = totals.try_emplace(cause.call, 0);
        if (unknown) survive(cause, never, life, &total->second);
        faults += torture(cause, samples, total->second, life);
    }
    report(faults);
}

}  // namespace test_support
