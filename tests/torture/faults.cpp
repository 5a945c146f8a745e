// SPDX-License-Identifier: Apache-2.0
#include "torture/faults.hpp"

#include "torture/calls.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <unistd.h>
#include <utility>
#include <vector>

namespace test_support {
namespace {

thread_local bool subject = false;

std::atomic<Call> armed{Call::none};
std::atomic<std::size_t> target{never};
std::atomic<int> planned{0};
std::atomic<std::size_t> calls{0};

std::array<char, 160> hanging{};

extern "C" void report_and_exit(int) {
    [[maybe_unused]] const auto written =
        ::write(STDERR_FILENO, hanging.data(), std::char_traits<char>::length(hanging.data()));
    ::_exit(1);
}

/// What nobody but the library may notice.
bool is_harmless(Call call, int error) {
    switch (call) {
        case Call::accept4:  // that connection is gone, but there are others
            return error == EINTR || error == EAGAIN || error == ECONNABORTED || error == EPROTO ||
                   error == ETIMEDOUT || error == ECONNRESET;
        case Call::recv:
        case Call::send:
            return error == EINTR || error == EAGAIN;
        case Call::poll:
            return error == EINTR;
        case Call::connect:
            return error == EAGAIN;
        case Call::setsockopt:
        case Call::getpeername:
        case Call::write:
        case Call::close:
            return true;
        default:
            return false;
    }
}

}  // namespace

const char* name_of(Call call) {
    constexpr std::array names{
        "nothing",        "allocation",  "socket",      "bind",  "listen",   "accept4",
        "connect",        "recv",        "send",        "poll",  "shutdown", "setsockopt",
        "getsockopt",     "getsockname", "getpeername", "fcntl", "eventfd",  "write",
        "pthread_create", "close",       "getrlimit"};
    return names[static_cast<std::size_t>(call)];
}

Subject::Subject(bool is_subject) : before_(std::exchange(subject, is_subject)) {}

Subject::~Subject() { subject = before_; }

Fault::Fault(Call call, std::size_t occurrence, int error)
    : occurrence_(occurrence), harmless_(is_harmless(call, error)) {
    calls = 0;
    target = occurrence;
    planned = error;
    armed = call;
}

void Fault::disarm() { armed = Call::none; }

std::size_t Fault::seen() const { return calls; }

int planned_error(Call call) noexcept {
    if (!subject || armed.load(std::memory_order_relaxed) != call) return 0;
    return calls.fetch_add(1) == target ? planned.load() : 0;
}

/// Inherited by threads: what a thread of the library starts is the library's.
bool is_subject() noexcept { return subject; }

bool exhaustive() {
    const char* const value = std::getenv("JSOCKET_EXHAUSTIVE");
    return value != nullptr && *value != '\0';
}

std::size_t fail_each(std::size_t total, std::size_t samples,
                      const std::function<bool(std::size_t)>& run) {
    std::size_t happened = 0;
    if (exhaustive()) {
        // Threads may take some steps more, but not any number.
        for (std::size_t n = 0; n < 2 * total + 100 && run(n); ++n) ++happened;
        return happened;
    }
    std::vector<std::size_t> all(total);
    std::iota(all.begin(), all.end(), 0);
    std::vector<std::size_t> some;
    std::mt19937 random(20'251);  // any number, but always the same
    std::sample(all.begin(), all.end(), std::back_inserter(some), samples, random);
    for (const std::size_t n : some) happened += run(n) ? 1 : 0;
    return happened;
}

RunDeadline::RunDeadline(Call call, std::size_t occurrence, int error, unsigned seconds) {
    std::snprintf(hanging.data(), hanging.size(),
                  "\n%s number %zu failed with error %d, and something waits without end\n",
                  name_of(call), occurrence, error);
    std::signal(SIGALRM, report_and_exit);
    ::alarm(seconds);
}

RunDeadline::~RunDeadline() { ::alarm(0); }

}  // namespace test_support
