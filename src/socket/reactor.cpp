// SPDX-License-Identifier: Apache-2.0
#include "socket/reactor.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <exception>
#include <sys/ioctl.h>
#include <system_error>
#include <thread>
#include <utility>

namespace jsocket {

struct Reactor::Loop {
    void run() noexcept {
        for (;;) {
            try {
                context.run();
                return;
            } catch (const std::exception&) {
                // No memory for one turn of the loop; there may be some for the next.
            }
        }
    }

    asio::io_context context;
    const asio::executor_work_guard<asio::io_context::executor_type> work =
        asio::make_work_guard(context);
};

std::shared_ptr<Reactor::Loop> Reactor::loop() {
    const Lock lock(mutex_);
    if (stopped_) {
        throw std::system_error(std::make_error_code(std::errc::operation_canceled),
                                "the reactor has been stopped");
    }
    if (!thread_) {
        if (!loop_) loop_ = std::make_shared<Loop>();
        thread_.emplace(stack_size_, [loop = loop_.get()] { loop->run(); });
    }
    return loop_;
}

void Reactor::stop() noexcept {
    std::optional<Thread> thread;
    std::shared_ptr<Loop> loop;
    {
        const Lock lock(mutex_);
        stopped_ = true;
        loop.swap(loop_);
        if (thread_) thread.emplace(std::move(*thread_));
        thread_.reset();
    }
    if (!thread) return;
    loop->context.stop();
    thread->join();
}

/// Handlers hold a weak pointer to it. A strong one in a handler that never runs would leak the
/// loop.
struct Reactor::Watch::State {
    State(std::shared_ptr<Loop> its_loop, int fd, std::function<void()> its_act)
        : loop(std::move(its_loop)),
          socket(fd),
          act(std::move(its_act)),
          descriptor(loop->context),
          timer(loop->context) {}

    void fire(std::uint64_t of_turn);
    void end_wait() noexcept JSOCKET_REQUIRES(mutex);

    const std::shared_ptr<Loop> loop;
    const int socket;
    const std::function<void()> act;

    mutable Mutex mutex;
    Condition idle;
    asio::posix::stream_descriptor descriptor JSOCKET_GUARDED_BY(mutex);
    asio::steady_timer timer JSOCKET_GUARDED_BY(mutex);
    std::uint64_t turn JSOCKET_GUARDED_BY(mutex) = 0;  // a handler of an earlier one does nothing
    bool waiting JSOCKET_GUARDED_BY(mutex) = false;
    std::thread::id acting JSOCKET_GUARDED_BY(mutex) = {};  // who runs `act`
};

void Reactor::Watch::State::fire(std::uint64_t of_turn) {
    {
        const Lock lock(mutex);
        if (!waiting || of_turn != turn) return;
        end_wait();
        acting = std::this_thread::get_id();
    }
    act();
    const Lock lock(mutex);
    acting = {};
    idle.notify_all();
}

void Reactor::Watch::State::end_wait() noexcept {
    waiting = false;
    ++turn;
    try {
        timer.cancel();
    } catch (const std::exception&) {
        // It does nothing when its time has come.
    }
    if (!descriptor.is_open()) return;
    // While it is assigned, the reactor wakes up for whatever happens to it.
    descriptor.release();
    // Asio has made it non-blocking; the thread that reads wants to wait in the call itself.
    int off = 0;
    ::ioctl(socket, FIONBIO, &off);
}

Reactor::Watch::Watch(Reactor& reactor, int descriptor, std::function<void()> act)
    : state_(std::make_shared<State>(reactor.loop(), descriptor, std::move(act))) {}

Reactor::Watch::~Watch() {
    State& state = *state_;
    const Lock lock(state.mutex);
    state.end_wait();
    while (state.acting != std::thread::id() && state.acting != std::this_thread::get_id()) {
        state.idle.wait(state.mutex);
    }
}

void Reactor::Watch::wait(Deadline until) {
    State& state = *state_;
    const Lock lock(state.mutex);
    state.end_wait();
    const auto fire = [weak = std::weak_ptr(state_), turn = state.turn](const auto&) {
        if (const auto alive = weak.lock()) alive->fire(turn);
    };
    state.descriptor.assign(state.socket);
    try {
        state.descriptor.async_wait(asio::posix::stream_descriptor::wait_write, fire);
        if (until != no_deadline) {
            state.timer.expires_at(until);
            state.timer.async_wait(fire);
        }
    } catch (...) {
        state.end_wait();
        throw;
    }
    state.waiting = true;
}

bool Reactor::Watch::waiting() const {
    const Lock lock(state_->mutex);
    return state_->waiting;
}

void Reactor::Watch::cancel() noexcept {
    const Lock lock(state_->mutex);
    state_->end_wait();
}

}  // namespace jsocket
