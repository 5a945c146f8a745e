// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace jsocket {

/// A signal that ends waiting in other threads at once and for good; an eventfd(2), so that
/// poll(2) can wait for it beside a socket.
///
/// Threads:  every member may be called from any thread.
/// Errors:   the constructor throws ConnectionError if there is no file descriptor left.
class Interrupt {
  public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    /// Wakes whoever waits for it, now and from now on. The second call does nothing.
    void raise() noexcept;

    /// Cheap enough to be asked for each message.
    bool raised() const noexcept { return raised_.load(std::memory_order_acquire); }

    /// Readable once raise() was called.
    int fd() const noexcept { return fd_; }

  private:
    int fd_;
    std::atomic<bool> raised_{false};
};

}  // namespace jsocket
