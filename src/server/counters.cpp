// SPDX-License-Identifier: Apache-2.0
#include "server/counters.hpp"

#include <ctime>

namespace jsocket {

double unix_time() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace jsocket
