// SPDX-License-Identifier: Apache-2.0
#include "cli/service.hpp"

#include "cli/terminal.hpp"

#include <ctime>
#include <system_error>

namespace jsocket::cli {

namespace {

std::string advice(const Endpoint& endpoint, std::error_code code, const std::string& option) {
    if (endpoint.unix_path()) return "choose another path with " + option;
    if (code == std::errc::address_in_use) {
        return "choose another port with " + option + "; port 0 takes a free one";
    }
    if (code == std::errc::permission_denied) return "choose a port from 1024 on with " + option;
    return "choose an address of this machine with " + option + ", such as 127.0.0.1 or 0.0.0.0";
}

}  // namespace

StopSignals::StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGHUP);  // the terminal is gone
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

void StopSignals::wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
}

void StopSignals::restore() const {
    const timespec now{};
    while (sigtimedwait(&signals_, nullptr, &now) > 0) continue;
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

void cannot_listen(const ConnectError& error, const Endpoint& endpoint, const std::string& option) {
    throw Error(std::string(error.what()) + "; " + advice(endpoint, error.code(), option));
}

}  // namespace jsocket::cli
