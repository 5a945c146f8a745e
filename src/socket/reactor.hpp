// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"
#include "support/thread.hpp"

#include <jsocket/deadline.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace jsocket {

/// One thread that waits until descriptors can be written to, for any number of connections. It
/// starts with the first wait, and a reactor costs nothing before.
///
/// Threads: every member may be called from any thread, but for stop() from the reactor's own.
class Reactor {
  public:
    explicit Reactor(std::size_t stack_size) : stack_size_(stack_size) {}
    ~Reactor() { stop(); }
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Ends the thread, after what it is calling. From now on nothing is waited for.
    void stop() noexcept;

    /// Waits for one descriptor.
    ///
    /// Lifetime: the descriptor stays the caller's, and has to be open until the watch is destroyed
    ///           or cancelled. A watch may outlive the reactor.
    class Watch {
      public:
        /// `act` is called on the reactor's thread, without locks held; it must not throw, and
        /// should not wait. Throws std::system_error if there is no thread or no descriptor left,
        /// or the reactor has been stopped.
        Watch(Reactor& reactor, int descriptor, std::function<void()> act);

        /// `act` has returned, and is not called again. `act` may destroy its own watch, as the
        /// last thing that it does.
        ~Watch();
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

        /// Calls `act` once: when the descriptor can be written to or is broken, or else at
        /// `until`. Takes the place of an earlier wait that is not over. Throws std::system_error.
        void wait(Deadline until);

        /// Is `act` still to be called?
        bool waiting() const;

        /// Ends the wait, without a call.
        void cancel() noexcept;

      private:
        struct State;
        const std::shared_ptr<State> state_;
    };

  private:
    struct Loop;

    std::shared_ptr<Loop> loop();

    const std::size_t stack_size_;
    Mutex mutex_;
    std::shared_ptr<Loop> loop_ JSOCKET_GUARDED_BY(mutex_);
    std::optional<Thread> thread_ JSOCKET_GUARDED_BY(mutex_);
    bool stopped_ JSOCKET_GUARDED_BY(mutex_) = false;
};

}  // namespace jsocket
