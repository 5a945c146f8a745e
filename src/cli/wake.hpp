// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace jsocket::cli {

/// Tells a thread that waits with poll(2) that there is something for it, as often as there is; an
/// eventfd(2).
///
/// Threads:  every member may be called from any thread.
class Wake {
  public:
    /// Throws Error if there is no file descriptor left.
    Wake();
    ~Wake();
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;

    /// From now on fd() is readable.
    void raise() const noexcept;

    /// Until the next raise() it is not.
    void lower() const noexcept;

    int fd() const { return fd_; }

  private:
    int fd_;
};

}  // namespace jsocket::cli
