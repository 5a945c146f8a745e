// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <initializer_list>
#include <optional>

namespace jsocket::cli {

/// Signals as something to read: they are blocked here and in every thread started later, and wait.
class SignalQueue {
  public:
    /// To be made before any thread. Throws Error if there is no file descriptor left.
    explicit SignalQueue(std::initializer_list<int> signals);
    ~SignalQueue();
    SignalQueue(const SignalQueue&) = delete;
    SignalQueue& operator=(const SignalQueue&) = delete;

    /// Is readable while next() has some.
    int fd() const { return fd_; }

    /// One that has come; empty if there is none.
    std::optional<int> next() const;

    /// Has one come that next() has not taken?
    bool waiting() const;

    /// In this thread they do again what they do without it, first those that have come meanwhile;
    /// and do not again.
    void unblock() const;
    void block() const;

    /// From now on they do again what they do without it. Those that wait are forgotten.
    void restore() const;

  private:
    sigset_t signals_;
    int fd_;
};

}  // namespace jsocket::cli
