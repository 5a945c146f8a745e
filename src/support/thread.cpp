// SPDX-License-Identifier: Apache-2.0
#include "support/thread.hpp"

#include <csignal>
#include <exception>
#include <memory>
#include <system_error>
#include <utility>

namespace jsocket {
namespace {

// What sanitizers put around each variable takes several times the stack.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stack_factor = 8;
#else
constexpr std::size_t stack_factor = 1;
#endif

void check(int error, const char* what) {
    if (error != 0) throw std::system_error(error, std::system_category(), what);
}

void* run_function(void* argument) {
    const std::unique_ptr<std::function<void()>> run(static_cast<std::function<void()>*>(argument));
    (*run)();
    return nullptr;
}

class Attributes {
  public:
    explicit Attributes(std::size_t stack_size) {
        check(::pthread_attr_init(&attributes_), "pthread_attr_init");
        const int error = ::pthread_attr_setstacksize(&attributes_, stack_size * stack_factor);
        if (error != 0) ::pthread_attr_destroy(&attributes_);
        check(error, "stack_size");
    }
    ~Attributes() { ::pthread_attr_destroy(&attributes_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;

    const pthread_attr_t* get() const { return &attributes_; }

  private:
    pthread_attr_t attributes_;
};

}  // namespace

Thread::Thread(std::size_t stack_size, std::function<void()> run) {
    const Attributes attributes(stack_size);
    auto argument = std::make_unique<std::function<void()>>(std::move(run));
    // A new thread has its creator's mask: the program's signal handlers run elsewhere.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    // But faults belong to the thread that made them, and profilers want to see every thread.
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF}) {
        ::sigdelset(&all, signal);
    }
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = ::pthread_create(&handle_, attributes.get(), run_function, argument.get());
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    check(error, "cannot start a thread");
    static_cast<void>(argument.release());  // the thread's now
    joinable_ = true;
}

Thread::Thread(Thread&& other) noexcept
    : handle_(other.handle_), joinable_(std::exchange(other.joinable_, false)) {}

Thread::~Thread() {
    if (joinable_) std::terminate();
}

void Thread::join() {
    if (std::exchange(joinable_, false)) ::pthread_join(handle_, nullptr);
}

}  // namespace jsocket
