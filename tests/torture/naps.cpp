// SPDX-License-Identifier: Apache-2.0
//
// A library to preload: threads of this build's programs fall asleep around calls that others can
// notice, a few milliseconds at random. It brings about orders of events that only a busy machine
// has, and so finds tests and code that rely on the usual ones. Around write(), and after waiting
// for a condition, nobody sleeps but for what follows.
//
//     LD_PRELOAD=$PWD/build/dev/tests/torture/libnaps.so ctest --preset dev -j8
#include "torture/next.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <dlfcn.h>
#include <filesystem>
#include <poll.h>
#include <pthread.h>
#include <random>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;
using test_support::Next;

// Of so many calls one sleeps, for less than `usual`, or `long_one` times as long now and then.
constexpr unsigned calls_per_nap = 40;
constexpr unsigned usual = 4000;  // us
constexpr unsigned long_one = 5;
constexpr unsigned naps_per_long_one = 8;

std::atomic<bool> ours{false};  // is it a program of this build, and not ctest or a shell?
std::atomic<steady_clock::rep> begin{0};
std::atomic<microseconds::rep> slept{0};  // by all threads

/// Half of the time a program has run may have been slept: what calls often is not held up for
/// ever.
bool may_nap() {
    const steady_clock::duration ran =
        steady_clock::now().time_since_epoch() - steady_clock::duration(begin);
    return microseconds(slept) <= ran / 2;
}

void nap(unsigned weight = 1) {
    if (!ours) return;
    const int error = errno;
    thread_local std::minstd_rand random(
        static_cast<unsigned>(gettid()) ^
        static_cast<unsigned>(steady_clock::now().time_since_epoch().count()));
    if (random() % calls_per_nap < weight && may_nap()) {
        const bool is_long = random() % naps_per_long_one == 0;
        const microseconds time(random() % usual * (is_long ? long_one : 1));
        slept += time.count();
        const timespec duration{.tv_sec = 0, .tv_nsec = time.count() * 1000};
        ::nanosleep(&duration, nullptr);
    }
    errno = error;
}

template <typename Function, typename... Arguments>
auto between_naps(Function* function, Arguments... arguments) -> decltype(function(arguments...)) {
    nap();
    const auto result = function(arguments...);
    nap();
    return result;
}

__attribute__((constructor)) void look_whose_program_this_is() {
    Dl_info self{};
    dladdr(reinterpret_cast<void*>(&look_whose_program_this_is), &self);
    std::error_code error;  // leaves a path empty, and the program alone
    const auto library = std::filesystem::canonical(self.dli_fname, error);
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto build = library.parent_path().parent_path().parent_path();  // of tests/torture/
    begin = steady_clock::now().time_since_epoch().count();
    ours = !build.empty() && program.string().starts_with(build.string() + "/");
}

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    static constinit Next<decltype(::pthread_mutex_lock)> next("pthread_mutex_lock");
    nap();
    return next.get()(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
    static constinit Next<decltype(::pthread_mutex_unlock)> next("pthread_mutex_unlock");
    const int result = next.get()(mutex);
    nap();
    return result;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                   void* argument) noexcept {
    static constinit Next<decltype(::pthread_create)> next("pthread_create");
    const int result = next.get()(thread, attributes, function, argument);
    nap(calls_per_nap / 8);
    return result;
}

ssize_t recv(int fd, void* space, size_t size, int flags) {
    static constinit Next<decltype(::recv)> next("recv");
    return between_naps(next.get(), fd, space, size, flags);
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
    static constinit Next<decltype(::send)> next("send");
    return between_naps(next.get(), fd, bytes, size, flags);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    static constinit Next<decltype(::poll)> next("poll");
    return between_naps(next.get(), fds, count, timeout);
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    static constinit Next<decltype(::accept4)> next("accept4");
    return between_naps(next.get(), fd, address, size, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    static constinit Next<decltype(::connect)> next("connect");
    return between_naps(next.get(), fd, address, size);
}

int shutdown(int fd, int how) noexcept {
    static constinit Next<decltype(::shutdown)> next("shutdown");
    return between_naps(next.get(), fd, how);
}

int close(int fd) {
    static constinit Next<decltype(::close)> next("close");
    return between_naps(next.get(), fd);
}

}  // extern "C"
