// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <dlfcn.h>

namespace test_support {

/// The function of the C library that one in this program has taken the place of.
///
///     static constinit Next<decltype(::bind)> next("bind");
///     return next.get()(fd, address, size);
///
/// Looked up when it is first called, which may be by a sanitizer that has not set itself up: so
/// without a static variable that is made at run time, and guarded by what a sanitizer watches.
///
/// Threads: get() may be called from any thread.
template <typename Function>
class Next {
  public:
    constexpr explicit Next(const char* name) : name_(name) {}

    Function* get() {
        Function* function = function_.load(std::memory_order_relaxed);
        if (function == nullptr) {
            function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name_));
            function_.store(function, std::memory_order_relaxed);
        }
        return function;
    }

  private:
    const char* const name_;
    std::atomic<Function*> function_{nullptr};
};

}  // namespace test_support
