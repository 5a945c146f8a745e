// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <unistd.h>

namespace jsocket {

Interrupt::Interrupt() : fd_(eventfd(0, EFD_CLOEXEC)) {
    if (fd_ < 0) {
        const std::error_code code(errno, std::system_category());
        throw ConnectionError("cannot make an event descriptor: " + code.message(), code);
    }
}

Interrupt::~Interrupt() { ::close(fd_); }

void Interrupt::raise() noexcept {
    if (raised_.exchange(true, std::memory_order_acq_rel)) return;
    const std::uint64_t one = 1;
    // Cannot fail otherwise: the counter is at 0 and never read.
    while (::write(fd_, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

}  // namespace jsocket
