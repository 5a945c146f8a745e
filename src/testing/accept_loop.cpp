// SPDX-License-Identifier: Apache-2.0
#include "testing/accept_loop.hpp"

#include "socket/wait.hpp"

#include <jsocket/error.hpp>

#include <exception>
#include <utility>

namespace jsocket::testing {
namespace {

constexpr std::size_t stack_size = 512 * 1024;

// After a failed accept, which is likely to fail again at once.
constexpr std::chrono::milliseconds pause(100);

std::size_t checked(std::size_t max_connections) {
    if (max_connections > 0) return max_connections;
    throw UsageError("max_connections is 0; it has to be at least 1");
}

}  // namespace

AcceptLoop::AcceptLoop(const Endpoint& endpoint, std::size_t max_connections, Serve serve,
                       Complain complain)
    : serve_(std::move(serve)),
      max_connections_(checked(max_connections)),
      failures_(complain),
      refusals_(std::move(complain)),
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
    failures_.finish();
    refusals_.finish();
}

void AcceptLoop::back_off(const char* problem) noexcept {
    try {
        failures_.add(problem);
        wait_for(-1, 0, deadline_after(pause), &stopping_);
    } catch (const std::exception&) {
        // No memory to wait, or to say so; trying again takes some time, too.
    }
}

void AcceptLoop::hand_over(std::unique_ptr<Stream> stream) {
    if (open_ >= max_connections_) return refuse();
    // A job has to be copyable. What it holds is counted until it is closed.
    auto shared = std::make_shared<std::unique_ptr<Stream>>(std::move(stream));
    const auto counted = count_open();
    const std::uint64_t number = ++connections_;
    pool_.run([this, number, shared, counted] { serve_(number, std::move(*shared)); });
}

/// One more connection, until the last copy goes.
std::shared_ptr<void> AcceptLoop::count_open() {
    ++open_;  // before: without memory the deleter is called at once
    return {this, [](AcceptLoop* loop) { --loop->open_; }};
}

void AcceptLoop::refuse() noexcept {
    ++refused_;
    try {
        refusals_.add("a client was refused: there are max_connections, " +
                      std::to_string(max_connections_) + ", already");
    } catch (const std::exception&) {
        // No memory for it.
    }
}

}  // namespace jsocket::testing
