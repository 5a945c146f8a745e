// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>

/// std::mutex with the annotations that let Clang check who holds what (-Wthread-safety); those of
/// libstdc++ have none.
#if defined(__clang__)
#define JSOCKET_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define JSOCKET_THREAD_ANNOTATION(x)
#endif
#define JSOCKET_GUARDED_BY(mutex) JSOCKET_THREAD_ANNOTATION(guarded_by(mutex))
#define JSOCKET_REQUIRES(mutex) JSOCKET_THREAD_ANNOTATION(requires_capability(mutex))

namespace jsocket {

class JSOCKET_THREAD_ANNOTATION(capability("mutex")) Mutex {
  public:
    void lock() JSOCKET_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
    bool try_lock() JSOCKET_THREAD_ANNOTATION(try_acquire_capability(true)) {
        return mutex_.try_lock();
    }
    void unlock() JSOCKET_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

  private:
    std::mutex mutex_;
};

class JSOCKET_THREAD_ANNOTATION(scoped_lockable) Lock {
  public:
    explicit Lock(Mutex& mutex) JSOCKET_THREAD_ANNOTATION(acquire_capability(mutex))
        : mutex_(mutex) {
        mutex_.lock();
    }
    ~Lock() JSOCKET_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    Mutex& mutex_;
};

/// Waits are loops around wait(): `while (!ready_) changed_.wait(mutex_);`
using Condition = std::condition_variable_any;

}  // namespace jsocket
