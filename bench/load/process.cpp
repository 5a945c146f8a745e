// SPDX-License-Identifier: Apache-2.0
#include "load/process.hpp"

#include <ctime>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace jsocket::bench {

namespace {

std::chrono::nanoseconds read_clock(clockid_t clock) {
    timespec time{};
    if (clock_gettime(clock, &time) != 0) {
        throw std::system_error(errno, std::generic_category(), "cannot read a CPU clock");
    }
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::size_t memory_of(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::size_t sum = 0;
    int found = 0;
    for (std::string name; status >> name;) {
        if (name == "VmRSS:" || name == "VmPTE:") {
            std::size_t kib = 0;
            status >> kib;
            sum += kib;
            ++found;
        }
        std::getline(status, name);
    }
    if (found != 2) throw std::runtime_error("cannot read memory of " + std::to_string(pid));
    return sum;
}

}  // namespace

std::chrono::nanoseconds own_cpu_time() { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

std::chrono::nanoseconds Processes::cpu_time() const {
    std::chrono::nanoseconds sum{0};
    for (const pid_t pid : pids_) {
        // Finer than /proc/PID/stat, and unlike schedstat it includes threads that have ended.
        clockid_t clock{};
        const int error = clock_getcpuclockid(pid, &clock);
        if (error != 0) {
            throw std::system_error(error, std::generic_category(),
                                    "no CPU clock of process " + std::to_string(pid));
        }
        sum += read_clock(clock);
    }
    return sum;
}

std::size_t Processes::memory() const {
    std::size_t sum = 0;
    for (const pid_t pid : pids_) sum += memory_of(pid);
    return sum;
}

}  // namespace jsocket::bench
