// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <pthread.h>

namespace jsocket {

/// A thread with a stack of a chosen size, which std::thread does not offer. To be joined before it
/// is destroyed. Signals from outside are left to the threads of the program.
class Thread {
  public:
    /// Throws std::system_error if there is no memory or no thread left. `run` must not throw.
    Thread(std::size_t stack_size, std::function<void()> run);
    Thread(Thread&& other) noexcept;
    ~Thread();
    Thread& operator=(Thread&&) = delete;

    void join();

  private:
    pthread_t handle_{};
    bool joinable_ = false;
};

}  // namespace jsocket
