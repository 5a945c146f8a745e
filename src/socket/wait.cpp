// SPDX-License-Identifier: Apache-2.0
#include "socket/wait.hpp"

#include <jsocket/error.hpp>

#include <array>
#include <cerrno>
#include <poll.h>

namespace jsocket {

Wait wait_for(int fd, short events, Deadline deadline, const Interrupt* interrupt) {
    std::array<pollfd, 2> fds{{
        {.fd = fd, .events = events, .revents = 0},
        {.fd = interrupt ? interrupt->fd() : -1, .events = POLLIN, .revents = 0},
    }};
    for (;;) {
        const int ready = ::poll(fds.data(), fds.size(), poll_timeout(deadline));
        if (ready > 0) return fds[1].revents != 0 ? Wait::interrupted : Wait::ready;
        if (ready == 0) {
            if (std::chrono::steady_clock::now() >= deadline) return Wait::timeout;
        } else if (errno != EINTR) {
            const std::error_code code(errno, std::system_category());
            throw ConnectionError("cannot wait for a socket: " + code.message(), code);
        }
    }
}

}  // namespace jsocket
