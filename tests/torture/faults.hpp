// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

/// Faults of the system below the library: the n-th allocation of memory, or the n-th call of some
/// function of the C library, fails once. The functions are replaced in the whole program, but
/// fail only where a Subject asks for it.
namespace test_support {

enum class Call {
    none,
    allocation,
    socket,
    bind,
    listen,
    accept4,
    connect,
    recv,
    send,
    poll,
    shutdown,
    setsockopt,
    getsockopt,
    getsockname,
    getpeername,
    fcntl,
    eventfd,
    write,
    pthread_create,
    close,
    getrlimit,
};

const char* name_of(Call call);

/// While one lives, what its thread does, and what threads do that are started there, is subject to
/// faults. So a test says whether the server's part is meant, or the client's.
class Subject {
  public:
    Subject() : Subject(true) {}
    ~Subject();
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

  protected:
    explicit Subject(bool subject);

  private:
    const bool before_;
};

/// The opposite: the test's own part amid a Subject.
class Bystander : public Subject {
  public:
    Bystander() : Subject(false) {}
};

inline constexpr std::size_t never = static_cast<std::size_t>(-1);

/// While it lives, the `occurrence`-th call, counted from 0, fails with `error`. One at a time.
class Fault {
  public:
    Fault(Call call, std::size_t occurrence, int error);
    ~Fault() { disarm(); }
    Fault(const Fault&) = delete;
    Fault& operator=(const Fault&) = delete;

    void disarm();

    bool happened() const { return seen() > occurrence_; }

    /// Has it happened, and is it one that a connection or a call may be lost to? Not so a signal
    /// that comes in between, or a call that would block after all.
    bool is_excuse() const { return happened() && !harmless_; }

    /// How many calls there were.
    std::size_t seen() const;

  private:
    const std::size_t occurrence_;
    const bool harmless_;
};

/// For the functions in place of the C library's: what this call is to fail with, or 0.
int planned_error(Call call) noexcept;

/// Blocks of memory from operator new that have not been given back, in all threads.
long live_allocations();

/// Is every occurrence to be tried, and not only some? So if JSOCKET_EXHAUSTIVE is set.
bool exhaustive();

/// Calls `run` with 0, 1, 2 ... until it says that its fault did not happen; or, if not all are to
/// be tried, with up to `samples` of the numbers below `total`, the same every time. Returns how
/// many faults happened.
std::size_t fail_each(std::size_t total, std::size_t samples,
                      const std::function<bool(std::size_t)>& run);

/// Ends the process, and says why, if it is still there after `seconds`: a fault has become a wait
/// without end, in which no test could fail.
class RunDeadline {
  public:
    RunDeadline(Call call, std::size_t occurrence, int error, unsigned seconds = 60);
    ~RunDeadline();
    RunDeadline(const RunDeadline&) = delete;
    RunDeadline& operator=(const RunDeadline&) = delete;
};

}  // namespace test_support
