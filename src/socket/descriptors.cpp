// SPDX-License-Identifier: Apache-2.0
#include "socket/descriptors.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace jsocket {

bool descriptors_left(int fd, int reserve) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    // The system gives out the lowest number that is free. A connection never gets one of the last
    // `reserve` numbers, so those are left to the rest of the program.
    const int lowest = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (lowest < 0) return false;
    ::close(lowest);
    return static_cast<rlim_t>(lowest) + static_cast<rlim_t>(reserve) < limit.rlim_cur;
}

}  // namespace jsocket
