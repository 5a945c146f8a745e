// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/wait.hpp"

#include <jsocket/jsocket.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace test_support {

using jsocket::json;

/// What the handler of a test does; by default it answers each message with itself.
template <typename Handler>
struct Hooks {
    std::function<std::optional<json>(Handler&, json&)> message =
        [](Handler&, json& message) -> std::optional<json> { return std::move(message); };
    /// In place of `message`, if there is one: the text and its reply.
    std::function<void(std::string_view, std::string&)> payload = nullptr;
    std::function<void(Handler&)> connect = [](Handler&) {};
    std::function<void(Handler&)> disconnect = [](Handler&) {};
    std::function<void(Handler&, const std::exception&)> error = [](Handler&,
                                                                    const std::exception&) {};
};

/// A handler that does what its Hooks say, and lets them call what only hooks may call.
template <typename Handler, typename Base>
class Scripted : public Base {
  public:
    using Base::credentials;
    using Base::identify;
    using Base::peer;
    using Base::session_id;

  protected:
    template <typename... Arguments>
    explicit Scripted(Hooks<Handler> hooks, Arguments&&... arguments)
        : Base(std::forward<Arguments>(arguments)...), hooks_(std::move(hooks)) {}

  private:
    std::optional<json> process_message(json& message) override {
        return hooks_.message(handler(), message);
    }
    void process_payload(std::string_view payload, std::string& reply) override {
        if (hooks_.payload) {
            hooks_.payload(payload, reply);
        } else {
            Base::process_payload(payload, reply);
        }
    }
    void on_connect() override { hooks_.connect(handler()); }
    void on_disconnect() override { hooks_.disconnect(handler()); }
    void on_error(const std::exception& error) override { hooks_.error(handler(), error); }

    Handler& handler() { return static_cast<Handler&>(*this); }

    Hooks<Handler> hooks_;
};

class ScriptedServer : public Scripted<ScriptedServer, jsocket::ThreadedServer> {
  public:
    explicit ScriptedServer(jsocket::ServerOptions options = {}, Hooks<ScriptedServer> hooks = {})
        : Scripted(std::move(hooks), std::move(options)) {}
};

class ScriptedWorker : public Scripted<ScriptedWorker, jsocket::ServerFactoryThread> {
  public:
    explicit ScriptedWorker(Hooks<ScriptedWorker> hooks = {}) : Scripted(std::move(hooks)) {}
};

/// Answers the message 0 with more than a client that does not read can have sent to it, and any
/// other with itself; with no tree of it, which under a sanitizer takes its time.
template <typename Handler>
Hooks<Handler> big_replies() {
    Hooks<Handler> hooks;
    hooks.payload = [](std::string_view payload, std::string& reply) {
        reply = payload == "0" ? "\"" + std::string(9'000'000, 'x') + "\"" : payload;
    };
    return hooks;
}

/// For tests of what both kinds of server have in common:
///
///     TYPED_TEST_SUITE(Lifecycle, BothKinds, KindNames);
struct Threaded {
    using Handler = ScriptedServer;
    using Server = ScriptedServer;
};
struct Factory {
    using Handler = ScriptedWorker;
    using Server = jsocket::ServerFactory<ScriptedWorker>;
};
using BothKinds = testing::Types<Threaded, Factory>;
struct KindNames {
    template <typename Kind>
    static std::string GetName(int) {
        return std::is_same_v<Kind, Threaded> ? "ThreadedServer" : "ServerFactory";
    }
};

/// Holds threads up until it is opened. A wait that takes too long throws, which fails the test.
class Gate {
  public:
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [&] { return open_; })) {
            throw std::runtime_error("nobody opened the gate");
        }
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

/// What happened, in order, on any thread.
class Journal {
  public:
    void add(std::string entry) {
        const std::lock_guard lock(mutex_);
        entries_.push_back(std::move(entry));
    }
    std::vector<std::string> entries() const {
        const std::lock_guard lock(mutex_);
        return entries_;
    }
    std::size_t size() const { return entries().size(); }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> entries_;
};

/// A client that is connected, at the first attempt, and very patient when it reads.
inline jsocket::JsonClient connected_client(std::uint16_t port,
                                            jsocket::Framing framing = jsocket::Framing::prefix,
                                            const std::string& address = "127.0.0.1") {
    jsocket::JsonClient client({.address = address,
                                .port = port,
                                .framing = framing,
                                .recv_timeout = 3 * patience,
                                .retry = {.attempts = 1}});
    client.connect();
    return client;
}

/// How often this kind of failure was counted, over all clients.
inline std::uint64_t failures(const jsocket::ServerStats& stats, jsocket::Failure kind) {
    std::uint64_t sum = 0;
    for (const auto& [name, client] : stats.clients) sum += client[kind];
    return sum;
}

/// How often any failure was counted.
inline std::uint64_t failures(const jsocket::ServerStats& stats) {
    std::uint64_t sum = 0;
    for (const auto& [name, client] : stats.clients) {
        for (const std::uint64_t count : client.failures) sum += count;
    }
    return sum;
}

/// Does `attempt` end within `limit`, in one of a few tries? The machine may be busy with something
/// else during any one of them.
inline bool once_within(std::chrono::milliseconds limit,
                        const std::function<std::chrono::milliseconds()>& attempt) {
    for (int i = 0; i < 10; ++i) {
        if (attempt() < limit) return true;
    }
    return false;
}

}  // namespace test_support
