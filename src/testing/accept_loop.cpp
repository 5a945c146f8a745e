// SPDX-License-Identifier: Apache-2.0
#include "testing/accept_loop.hpp"

#include "socket/wait.hpp"

#include <exception>
#include <utility>

namespace jsocket::testing {
namespace {

constexpr std::size_t stack_size = 512 * 1024;

// After a failed accept, which is likely to fail again at once.
constexpr std::chrono::milliseconds pause(100);

}  // namespace

AcceptLoop::AcceptLoop(const Endpoint& endpoint, Serve serve, Complain complain)
    : serve_(std::move(serve)),
      complain_(std::move(complain)),
      listener_(endpoint, stopping_),
      endpoint_(listener_.endpoint()),
      pool_(stack_size) {}

AcceptLoop::~AcceptLoop() { stop(); }

void AcceptLoop::start() {
    thread_.emplace(stack_size, [this] { run(); });
}

void AcceptLoop::stop() {
    stopping_.raise();
    const std::lock_guard lock(joining_);
    if (thread_) thread_->join();
}

void AcceptLoop::run() {
    while (!stopping_.raised()) {
        try {
            if (auto stream = listener_.accept()) hand_over(std::move(stream));
        } catch (const std::exception& error) {  // no descriptor, memory or thread left
            back_off(error.what());
        }
    }
    listener_.close();
    pool_.finish();
}

void AcceptLoop::back_off(const char* problem) noexcept {
    try {
        complain(problem);
        wait_for(-1, 0, deadline_after(pause), &stopping_);
    } catch (const std::exception&) {
        // No memory to wait, or to say so; trying again takes some time, too.
    }
}

void AcceptLoop::hand_over(std::unique_ptr<Stream> stream) {
    // A job has to be copyable.
    auto shared = std::make_shared<std::unique_ptr<Stream>>(std::move(stream));
    const std::uint64_t number = ++connections_;
    pool_.run([this, number, shared] { serve_(number, std::move(*shared)); });
}

void AcceptLoop::complain(const std::string& problem) const {
    if (complain_) complain_(problem);
}

}  // namespace jsocket::testing
