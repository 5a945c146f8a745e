// SPDX-License-Identifier: Apache-2.0
#include "cli/service.hpp"

#include "cli/json_members.hpp"
#include "cli/terminal.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/server/service_manager.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <poll.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace jsocket::cli {

StopSignals::StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGHUP);  // the terminal is gone
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    // Not when it is needed, as there may be no descriptor left then.
    arrived_ = signalfd(-1, &signals_, SFD_CLOEXEC);
    if (arrived_ < 0) throw Error("signalfd: " + std::generic_category().message(errno));
}

StopSignals::~StopSignals() { close(arrived_); }

int StopSignals::wait(const std::function<bool()>& well) const {
    int signal = 0;
    const auto interval = well ? watchdog_interval() : std::nullopt;
    if (!interval) {
        sigwait(&signals_, &signal);
        return signal;
    }
    const std::int64_t pause = std::max<std::int64_t>(interval->count() / 2, 1'000);
    const timespec half{pause / 1'000'000, pause % 1'000'000 * 1'000};
    while ((signal = sigtimedwait(&signals_, nullptr, &half)) <= 0) {
        if (well()) try_to_notify(notify_watchdog);
    }
    return signal;
}

std::optional<int> StopSignals::wait_unless(const Interrupt& done,
                                            std::chrono::milliseconds timeout) const {
    const Deadline deadline = deadline_after(timeout);
    std::array<pollfd, 2> both{{{arrived_, POLLIN, 0}, {done.fd(), POLLIN, 0}}};
    while (poll(both.data(), both.size(), poll_timeout(deadline)) < 0 && errno == EINTR) {
    }
    const timespec now{};
    const int signal = sigtimedwait(&signals_, nullptr, &now);
    return signal > 0 ? std::optional(signal) : std::nullopt;
}

void StopSignals::restore() const {
    const timespec now{};
    while (sigtimedwait(&signals_, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

void try_to_print(std::string_view text) {
    try {
        print_line(text);
    } catch (const Error& error) {
        complain(error.what());
    }
}

std::string ready_line(const std::string& endpoint) {
    if (!json_lines()) return "listening on " + endpoint;
    return line_of(json{{"listening", endpoint}});
}

void announce_ready(const std::string& endpoint) {
    try_to_print(ready_line(endpoint));
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
