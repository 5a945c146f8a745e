// SPDX-License-Identifier: Apache-2.0
#include "cli/service.hpp"

#include "cli/json_members.hpp"
#include "cli/terminal.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/server/service_manager.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <poll.h>

namespace jsocket::cli {

int StopSignals::wait(const std::function<bool()>& well) const {
    const auto interval = well ? watchdog_interval() : std::nullopt;
    const auto pause =
        interval ? std::chrono::ceil<std::chrono::milliseconds>(*interval / 2) : no_timeout;
    for (;;) {
        if (const auto signal = wait_until(deadline_after(pause), -1)) return *signal;
        if (interval && well()) try_to_notify(notify_watchdog);
    }
}

std::optional<int> StopSignals::wait_unless(const Interrupt& done,
                                            std::chrono::milliseconds timeout) const {
    return wait_until(deadline_after(timeout), done.fd());
}

/// Also ends when `other` is readable; empty if no signal has come by then.
std::optional<int> StopSignals::wait_until(Deadline deadline, int other) const {
    std::array<pollfd, 2> both{{{queue_.fd(), POLLIN, 0}, {other, POLLIN, 0}}};
    while (poll(both.data(), both.size(), poll_timeout(deadline)) < 0 && errno == EINTR) {
    }
    return queue_.next();
}

std::string ready_line(const std::string& endpoint) {
    if (!json_lines()) return "listening on " + endpoint;
    return line_of(json{{"listening", endpoint}});
}

void announce_ready(const std::string& endpoint) {
    print_line(ready_line(endpoint));
    try_to_notify([&endpoint] { return notify_ready("listening on " + endpoint); });
}

void try_to_notify(const std::function<bool()>& notify) {
    try {
        notify();
    } catch (const Error& error) {
        complain(error.what());
    }
}

}  // namespace jsocket::cli
