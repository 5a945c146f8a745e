// SPDX-License-Identifier: Apache-2.0
#include "scenarios/load/process.hpp"

#include "support/address.hpp"

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>

namespace test_support {
namespace {

std::string folder_of(pid_t process) { return "/proc/" + std::to_string(process); }

/// The number behind `name` in /proc/PID/status; 0 if there is none.
std::size_t status_number(pid_t process, const std::string& name) {
    std::ifstream status(folder_of(process) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) return std::stoul(line.substr(name.size() + 1));
    }
    return 0;
}

}  // namespace

std::size_t resident_memory(pid_t process) { return status_number(process, "VmRSS") * 1024; }

std::size_t peak_memory(pid_t process) { return status_number(process, "VmHWM") * 1024; }

bool reset_peak_memory(pid_t process) {
    std::ofstream reset(folder_of(process) + "/clear_refs");
    reset << "5" << std::flush;
    return bool(reset);
}

std::size_t thread_count(pid_t process) { return status_number(process, "Threads"); }

std::size_t descriptor_count(pid_t process) {
    const std::filesystem::directory_iterator open(folder_of(process) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

std::chrono::microseconds cpu_time(pid_t process) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        throw_errno("processor time of a process");
    }
    return std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<std::size_t>(limit.rlim_max);
}

}  // namespace test_support
