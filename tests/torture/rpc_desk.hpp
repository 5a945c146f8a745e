// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/wait.hpp"
#include "torture/faults.hpp"

#include <jsocket/rpc/rpc.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace test_support {

/// What the methods of a server under torture do, and what is known of them from outside. What the
/// methods themselves do is no Subject; what the library does around them is, if the server is.
class RpcDesk {
  public:
    /// As many calls at a time as a client may make.
    static constexpr int places = 4;

    /// The codes of the errors that `fail` answers with, and `wait` when it is told to stop.
    static constexpr int failure = 17;
    static constexpr int stopped = 18;

    /// `spare` places are for calls that their client has given up, while they come to their end.
    explicit RpcDesk(std::size_t spare = 0) : spare_(spare) {}

    static jsocket::rpc::Options options(std::size_t spare = 0) {
        return {.max_calls_in_flight = places + spare,
                .call_timeout = 4 * patience,  // has a timer at work for each call
                .drain_timeout = std::chrono::milliseconds(5)};
    }

    jsocket::rpc::Dispatcher methods() {
        using jsocket::rpc::Call;
        using jsocket::rpc::Run;
        jsocket::rpc::Dispatcher methods(options(spare_));
        methods.bind("add", [](int a, int b) { return a + b; }, {"a", "b"},
                     {.description = "Adds up.", .run = Run::immediately});
        methods.bind("join", [](const std::vector<std::string>& texts) { return joined(texts); });
        methods.bind("echo", [](jsocket::json value) { return value; }, {"value"});
        methods.bind("note", [this](int number) { notes_ += number; }, {}, {.run = Run::in_order});
        methods.bind("notes", [this] { return notes_.load(); }, {}, {.run = Run::in_order});
        methods.bind("fail", []() -> int { throw jsocket::rpc::RpcError(failure, "It fails"); });
        methods.bind("wait", [this](std::stop_token stop) { wait(std::move(stop)); });
        methods.bind("meet", [this](std::stop_token stop) { return meet(std::move(stop)); });
        methods.bind("ask", [](Call& call, int n) { return call.peer().call<int>("twice", {n}); });
        methods.use([this](Call& call, jsocket::json& params, const jsocket::rpc::Next& next) {
            const Visit visit(inside_);
            return next(call, params);
        });
        return methods;
    }

    /// What a client offers.
    static jsocket::rpc::Dispatcher offered() {
        jsocket::rpc::Dispatcher methods(options());
        methods.bind("twice", [](int n) { return 2 * n; }, {"n"});
        methods.bind("hear", [](const std::string&) {});
        return methods;
    }

    int inside() const { return inside_; }
    int waiting() const { return waiting_; }

  private:
    class Visit {
      public:
        explicit Visit(std::atomic<int>& count) : count_(count) { ++count_; }
        ~Visit() { --count_; }
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;

      private:
        std::atomic<int>& count_;
    };

    static std::string joined(const std::vector<std::string>& texts) {
        const Bystander own;
        std::string all;
        for (const std::string& text : texts) all += text;
        return all;
    }

    /// Until it is told to stop.
    void wait(std::stop_token stop) {
        const Bystander own;
        const Visit visit(waiting_);
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stop, 2 * patience, [] { return false; });
        if (stop.stop_requested()) throw jsocket::rpc::RpcError(stopped, "Stopped");
    }

    /// Until as many have come as there are places. How many there are, unless it is told to stop.
    int meet(std::stop_token stop) {
        const Bystander own;
        std::unique_lock lock(mutex_);
        const int mine = meeting_;
        if (++present_ == places) {
            present_ = 0;
            ++meeting_;
            changed_.notify_all();
        }
        if (changed_.wait_for(lock, stop, patience, [&] { return meeting_ > mine; })) return places;
        return --present_;
    }

    const std::size_t spare_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    int present_ = 0;
    int meeting_ = 0;
    std::atomic<int> inside_{0};
    std::atomic<int> waiting_{0};
    std::atomic<int> notes_{0};
};

}  // namespace test_support
