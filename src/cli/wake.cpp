// SPDX-License-Identifier: Apache-2.0
#include "cli/wake.hpp"

#include <jsocket/error.hpp>

#include <cerrno>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace jsocket::cli {

Wake::Wake() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw Error("no eventfd: " + std::generic_category().message(errno));
}

Wake::~Wake() { close(fd_); }

void Wake::raise() const noexcept { eventfd_write(fd_, 1); }

void Wake::lower() const noexcept {
    eventfd_t count = 0;
    eventfd_read(fd_, &count);
}

}  // namespace jsocket::cli
