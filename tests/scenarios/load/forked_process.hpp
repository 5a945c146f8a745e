// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/address.hpp"

#include <cstddef>
#include <functional>
#include <sys/types.h>

namespace test_support {

/// A process that runs a function of the test, with a pipe in each direction.
///
///     ForkedProcess process([](int answer, int life) { ...; return 0; });
///
/// To be made while this process has one thread.
class ForkedProcess {
  public:
    /// `body` writes to `answer` what the test is to know, and reads from `life` until that ends,
    /// as it does when the object is destroyed. It returns the process's exit code.
    explicit ForkedProcess(const std::function<int(int answer, int life)>& body);

    /// Ends the process, and waits for it; one that ends otherwise than with exit code 0 fails the
    /// test.
    ~ForkedProcess();
    ForkedProcess(const ForkedProcess&) = delete;
    ForkedProcess& operator=(const ForkedProcess&) = delete;

    pid_t pid() const { return pid_; }

    /// What it answers next, of this size. Throws std::runtime_error if it does not.
    void read(void* data, std::size_t size) const;

    /// Has it read this from `life`. Throws std::runtime_error if that fails.
    void write(const void* data, std::size_t size) const;

    /// Kills it, and waits for its end. The second call does nothing.
    void kill();

  private:
    pid_t pid_ = -1;
    FileDescriptor life_;
    FileDescriptor answer_;
};

}  // namespace test_support
