// SPDX-License-Identifier: Apache-2.0
#include "socket/bind_file.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#if defined(__SANITIZE_THREAD__)
// ThreadSanitizer takes clone() for fork(), after which it allows no further threads.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);
#define JSOCKET_CLONE ::__clone
#else
#define JSOCKET_CLONE ::clone
#endif

namespace jsocket {
namespace {

struct Task {
    int fd;
    const SocketAddress& address;
    mode_t mode;
    int error = EINTR;  // unless the child says otherwise, it was killed
};

int bind_now(int fd, const SocketAddress& address) {
    return ::bind(fd, address.data(), address.size) == 0 ? 0 : errno;
}

/// Runs in the child, which shares our memory.
int bind_in_child(void* argument) {
    Task& task = *static_cast<Task*>(argument);
    ::umask(~task.mode & 0777U);
    task.error = bind_now(task.fd, task.address);
    return 0;
}

/// Signals that arrive in the child must not run handlers of the program in its memory.
class BlockedSignals {
  public:
    BlockedSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

  private:
    sigset_t before_{};
};

/// The error of bind(), or 0; nothing if there was no child.
std::optional<int> bind_with_own_umask(Task& task) {
    constexpr std::size_t stack_size = 64 * 1024;
    const auto stack = std::make_unique_for_overwrite<std::byte[]>(stack_size);
    void* top = stack.get() + stack_size;
    const BlockedSignals blocked;
    // No CLONE_FS: the child has an umask of its own. No signal at its end: the program's handler
    // of SIGCHLD and its wait() see nothing. CLONE_VFORK: this thread waits for the child.
    const pid_t child =
        JSOCKET_CLONE(bind_in_child, top, CLONE_VM | CLONE_VFORK | CLONE_FILES, &task);
    if (child < 0) return std::nullopt;
    while (::waitpid(child, nullptr, static_cast<int>(__WCLONE)) < 0 && errno == EINTR) {
    }
    return task.error;
}

}  // namespace

/// Security: a chmod() by name after bind() could be led to another file by a symbolic link. The
/// umask of the process is left alone, since other threads make files at the same time.
int bind_file(int fd, const SocketAddress& address, mode_t mode) {
    ::fchmod(fd, mode);  // the file gets this, less the umask
    Task task{.fd = fd, .address = address, .mode = mode};
    if (const auto error = bind_with_own_umask(task)) return *error;
    return bind_now(fd, address);
}

}  // namespace jsocket
