// SPDX-License-Identifier: Apache-2.0
#include "cli/service.hpp"

#include "cli/terminal.hpp"

#include <jsocket/error.hpp>

#include <ctime>

namespace jsocket::cli {

StopSignals::StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGHUP);  // the terminal is gone
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int StopSignals::wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
    return signal;
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

void print_ready(const std::string& endpoint) { try_to_print("listening on " + endpoint); }

}  // namespace jsocket::cli
