// SPDX-License-Identifier: Apache-2.0
#include "socket/spin.hpp"

#include <thread>

namespace jsocket {
namespace {

/// Those that this process may use.
int processor_count() {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
    return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

std::atomic<int> Spin::awake{0};

Spin::Spin(std::chrono::microseconds limit)
    : limit_(limit), processors_(enabled() ? processor_count() : 0) {
    if (enabled()) ++awake;
}

Spin::~Spin() {
    if (enabled()) --awake;
}

}  // namespace jsocket
