// SPDX-License-Identifier: Apache-2.0
#include "load/modes.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

namespace jsocket::bench {

namespace {

/// Threads that connect, exchange a message, and leave, again and again.
class Visitors {
  public:
    Visitors(const Target& target, std::size_t count) : target_(target) {
        while (threads_.size() < count) threads_.emplace_back([this] { visit(); });
    }
    Visitors(const Visitors&) = delete;
    Visitors& operator=(const Visitors&) = delete;

    ~Visitors() {
        stop_ = true;
        for (std::thread& thread : threads_) thread.join();
    }

    /// How many visits have ended since it was asked last.
    std::size_t step() {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        const std::lock_guard lock(mutex_);
        if (error_) std::rethrow_exception(error_);
        return visits_.exchange(0);
    }

  private:
    void visit() {
        try {
            while (!stop_) {
                const Connection connection(target_);
                ++visits_;
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            error_ = std::current_exception();
        }
    }

    const Target& target_;
    std::atomic<bool> stop_ = false;
    std::atomic<std::size_t> visits_ = 0;
    std::mutex mutex_;
    std::exception_ptr error_;
    std::vector<std::thread> threads_;
};

}  // namespace

Result run_connect(const LoadOptions& options) {
    if (options.clients > 1) {
        Visitors visitors(options.target, options.clients);
        return measure(options.plan, [&] { return visitors.step(); });
    }
    return measure(options.plan, [&] {
        const Connection connection(options.target);
        return std::size_t{1};
    });
}

}  // namespace jsocket::bench
