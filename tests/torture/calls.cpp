// SPDX-License-Identifier: Apache-2.0
//
// In place of functions of the C library: they pass everything on but for what a Fault says.
#include "torture/calls.hpp"

#include "torture/faults.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <dlfcn.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <pthread.h>
#include <random>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using test_support::Bystander;
using test_support::Call;
using test_support::is_subject;
using test_support::planned_error;
using test_support::Subject;
using test_support::Transfers;

std::atomic<int> wrong{0};
std::atomic<Transfers> transfers{Transfers::whole};

template <typename Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// What `function` returns, or -1 and the error that is planned.
template <typename Function, typename... Arguments>
auto pass_on(Call call, Function* function, Arguments... arguments)
    -> decltype(function(arguments...)) {
    if (const int error = planned_error(call)) {
        errno = error;
        return -1;
    }
    return function(arguments...);
}

/// How much of `size` bytes moves at once.
std::size_t portion(std::size_t size) {
    thread_local std::minstd_rand random(4);
    switch (transfers.load(std::memory_order_relaxed)) {
        case Transfers::whole:
            break;
        case Transfers::single_bytes:
            return std::min<std::size_t>(size, 1);
        case Transfers::random_sizes:
            return std::min<std::size_t>(size, 1 + random() % 37);
    }
    return size;
}

struct Start {
    void* (*function)(void*);
    void* argument;
};

void* run_subject(void* argument) {
    const std::unique_ptr<Start> start(static_cast<Start*>(argument));
    const Subject here;
    return start->function(start->argument);
}

}  // namespace

extern "C" {

int socket(int family, int type, int protocol) noexcept {
    static auto* const next = real<decltype(::socket)>("socket");
    return pass_on(Call::socket, next, family, type, protocol);
}

int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
    static auto* const next = real<decltype(::bind)>("bind");
    return pass_on(Call::bind, next, fd, address, size);
}

int listen(int fd, int backlog) noexcept {
    static auto* const next = real<decltype(::listen)>("listen");
    return pass_on(Call::listen, next, fd, backlog);
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    static auto* const next = real<decltype(::accept4)>("accept4");
    return pass_on(Call::accept4, next, fd, address, size, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    static auto* const next = real<decltype(::connect)>("connect");
    return pass_on(Call::connect, next, fd, address, size);
}

ssize_t recv(int fd, void* buffer, std::size_t size, int flags) {
    static auto* const next = real<decltype(::recv)>("recv");
    return pass_on(Call::recv, next, fd, buffer, portion(size), flags);
}

ssize_t send(int fd, const void* buffer, std::size_t size, int flags) {
    static auto* const next = real<decltype(::send)>("send");
    return pass_on(Call::send, next, fd, buffer, portion(size), flags);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    static auto* const next = real<decltype(::poll)>("poll");
    return pass_on(Call::poll, next, fds, count, timeout);
}

/// Its only error is that the connection is gone, which it then is.
int shutdown(int fd, int how) noexcept {
    static auto* const next = real<decltype(::shutdown)>("shutdown");
    if (const int error = planned_error(Call::shutdown)) {
        next(fd, SHUT_RDWR);
        errno = error;
        return -1;
    }
    return next(fd, how);
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
    static auto* const next = real<decltype(::setsockopt)>("setsockopt");
    return pass_on(Call::setsockopt, next, fd, level, name, value, size);
}

int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
    static auto* const next = real<decltype(::getsockopt)>("getsockopt");
    return pass_on(Call::getsockopt, next, fd, level, name, value, size);
}

int getsockname(int fd, sockaddr* address, socklen_t* size) noexcept {
    static auto* const next = real<decltype(::getsockname)>("getsockname");
    return pass_on(Call::getsockname, next, fd, address, size);
}

int getpeername(int fd, sockaddr* address, socklen_t* size) noexcept {
    static auto* const next = real<decltype(::getpeername)>("getpeername");
    return pass_on(Call::getpeername, next, fd, address, size);
}

int fcntl(int fd, int command, ...) {
    static auto* const next = real<decltype(::fcntl)>("fcntl");
    va_list list;
    va_start(list, command);
    void* const argument = va_arg(list, void*);  // wide enough for each kind of argument
    va_end(list);
    return pass_on(Call::fcntl, next, fd, command, argument);
}

int eventfd(unsigned count, int flags) noexcept {
    static auto* const next = real<decltype(::eventfd)>("eventfd");
    return pass_on(Call::eventfd, next, count, flags);
}

ssize_t write(int fd, const void* buffer, std::size_t size) {
    static auto* const next = real<decltype(::write)>("write");
    return pass_on(Call::write, next, fd, buffer, size);
}

/// The descriptor is gone whatever close(2) says: a second attempt closes another one.
int close(int fd) {
    static auto* const next = real<decltype(::close)>("close");
    const int error = planned_error(Call::close);
    const int result = next(fd);
    if (result != 0 && errno == EBADF && is_subject()) ++wrong;
    if (error == 0) return result;
    errno = error;
    return -1;
}

int getrlimit(__rlimit_resource_t resource, rlimit* limit) noexcept {
    static auto* const next = real<decltype(::getrlimit)>("getrlimit");
    return pass_on(Call::getrlimit, next, resource, limit);
}

/// Returns its error. A thread of a subject is a subject.
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                   void* argument) noexcept {
    static auto* const next = real<decltype(::pthread_create)>("pthread_create");
    if (const int error = planned_error(Call::pthread_create)) return error;
    if (!is_subject()) return next(thread, attributes, function, argument);
    const Bystander here;
    auto start = std::make_unique<Start>(Start{function, argument});
    const int error = next(thread, attributes, run_subject, start.get());
    if (error == 0) static_cast<void>(start.release());  // the thread's now
    return error;
}

}  // extern "C"

namespace test_support {

int wrong_closes() { return wrong; }

ShortTransfers::ShortTransfers(Transfers how) { transfers = how; }

ShortTransfers::~ShortTransfers() { transfers = Transfers::whole; }

}  // namespace test_support
