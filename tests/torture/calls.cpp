// SPDX-License-Identifier: Apache-2.0
//
// In place of functions of the C library: they pass everything on but for what a Fault says.
#include "torture/calls.hpp"

#include "torture/faults.hpp"
#include "torture/next.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
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
using test_support::Next;
using test_support::planned_error;
using test_support::Subject;
using test_support::Transfers;

std::atomic<int> wrong{0};
std::atomic<Transfers> transfers{Transfers::whole};

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
    static constinit Next<decltype(::socket)> next("socket");
    return pass_on(Call::socket, next.get(), family, type, protocol);
}

int bind(int fd, const sockaddr* address, socklen_t size) noexcept {
    static constinit Next<decltype(::bind)> next("bind");
    return pass_on(Call::bind, next.get(), fd, address, size);
}

int listen(int fd, int backlog) noexcept {
    static constinit Next<decltype(::listen)> next("listen");
    return pass_on(Call::listen, next.get(), fd, backlog);
}

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    static constinit Next<decltype(::accept4)> next("accept4");
    return pass_on(Call::accept4, next.get(), fd, address, size, flags);
}

int connect(int fd, const sockaddr* address, socklen_t size) {
    static constinit Next<decltype(::connect)> next("connect");
    return pass_on(Call::connect, next.get(), fd, address, size);
}

ssize_t recv(int fd, void* buffer, std::size_t size, int flags) {
    static constinit Next<decltype(::recv)> next("recv");
    return pass_on(Call::recv, next.get(), fd, buffer, portion(size), flags);
}

ssize_t send(int fd, const void* buffer, std::size_t size, int flags) {
    static constinit Next<decltype(::send)> next("send");
    return pass_on(Call::send, next.get(), fd, buffer, portion(size), flags);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    static constinit Next<decltype(::poll)> next("poll");
    return pass_on(Call::poll, next.get(), fds, count, timeout);
}

/// Its only error is that the connection is gone, which it then is.
int shutdown(int fd, int how) noexcept {
    static constinit Next<decltype(::shutdown)> next("shutdown");
    if (const int error = planned_error(Call::shutdown)) {
        next.get()(fd, SHUT_RDWR);
        errno = error;
        return -1;
    }
    return next.get()(fd, how);
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
    static constinit Next<decltype(::setsockopt)> next("setsockopt");
    return pass_on(Call::setsockopt, next.get(), fd, level, name, value, size);
}

int getsockopt(int fd, int level, int name, void* value, socklen_t* size) noexcept {
    static constinit Next<decltype(::getsockopt)> next("getsockopt");
    return pass_on(Call::getsockopt, next.get(), fd, level, name, value, size);
}

int getsockname(int fd, sockaddr* address, socklen_t* size) noexcept {
    static constinit Next<decltype(::getsockname)> next("getsockname");
    return pass_on(Call::getsockname, next.get(), fd, address, size);
}

int getpeername(int fd, sockaddr* address, socklen_t* size) noexcept {
    static constinit Next<decltype(::getpeername)> next("getpeername");
    return pass_on(Call::getpeername, next.get(), fd, address, size);
}

int fcntl(int fd, int command, ...) {
    static constinit Next<decltype(::fcntl)> next("fcntl");
    va_list list;
    va_start(list, command);
    void* const argument = va_arg(list, void*);  // wide enough for each kind of argument
    va_end(list);
    return pass_on(Call::fcntl, next.get(), fd, command, argument);
}

int eventfd(unsigned count, int flags) noexcept {
    static constinit Next<decltype(::eventfd)> next("eventfd");
    return pass_on(Call::eventfd, next.get(), count, flags);
}

ssize_t write(int fd, const void* buffer, std::size_t size) {
    static constinit Next<decltype(::write)> next("write");
    return pass_on(Call::write, next.get(), fd, buffer, size);
}

/// The descriptor is gone whatever close(2) says: a second attempt closes another one.
int close(int fd) {
    static constinit Next<decltype(::close)> next("close");
    const int error = planned_error(Call::close);
    const int result = next.get()(fd);
    if (result != 0 && errno == EBADF && is_subject()) ++wrong;
    if (error == 0) return result;
    errno = error;
    return -1;
}

int getrlimit(__rlimit_resource_t resource, rlimit* limit) noexcept {
    static constinit Next<decltype(::getrlimit)> next("getrlimit");
    return pass_on(Call::getrlimit, next.get(), resource, limit);
}

/// Returns its error. A thread of a subject is a subject.
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                   void* argument) noexcept {
    static constinit Next<decltype(::pthread_create)> next("pthread_create");
    if (const int error = planned_error(Call::pthread_create)) return error;
    if (!is_subject()) return next.get()(thread, attributes, function, argument);
    const Bystander here;
    auto start = std::make_unique<Start>(Start{function, argument});
    const int error = next.get()(thread, attributes, run_subject, start.get());
    if (error == 0) static_cast<void>(start.release());  // the thread's now
    return error;
}

}  // extern "C"

namespace test_support {

int wrong_closes() { return wrong; }

ShortTransfers::ShortTransfers(Transfers how) { transfers = how; }

ShortTransfers::~ShortTransfers() { transfers = Transfers::whole; }

}  // namespace test_support
