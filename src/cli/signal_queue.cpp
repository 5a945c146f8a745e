// SPDX-License-Identifier: Apache-2.0
#include "cli/signal_queue.hpp"

#include <jsocket/error.hpp>

#include <cerrno>
#include <poll.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace jsocket::cli {

SignalQueue::SignalQueue(std::initializer_list<int> signals) {
    sigemptyset(&signals_);
    for (const int signal : signals) sigaddset(&signals_, signal);
    block();
    // Not when it is needed, as there may be no descriptor left then.
    fd_ = signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd_ < 0) throw Error("no signalfd: " + std::generic_category().message(errno));
}

SignalQueue::~SignalQueue() { close(fd_); }

std::optional<int> SignalQueue::next() const {
    signalfd_siginfo signal{};
    if (read(fd_, &signal, sizeof signal) != sizeof signal) return std::nullopt;
    return static_cast<int>(signal.ssi_signo);
}

bool SignalQueue::waiting() const {
    pollfd readable{fd_, POLLIN, 0};
    return poll(&readable, 1, 0) == 1;
}

void SignalQueue::unblock() const { pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr); }

void SignalQueue::block() const { pthread_sigmask(SIG_BLOCK, &signals_, nullptr); }

void SignalQueue::restore() const {
    while (next()) {
    }
    unblock();
}

}  // namespace jsocket::cli
