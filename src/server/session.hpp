// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/memory_budget.hpp"
#include "core/tree_builder.hpp"
#include "server/counters.hpp"
#include "server/slots.hpp"
#include "support/mutex.hpp"

#include <jsocket/server/message_handler.hpp>
#include <jsocket/server/server_options.hpp>
#include <jsocket/server/stats.hpp>
#include <jsocket/socket/json_socket.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jsocket {

class CallPool;
class Reactor;
class StatsService;

/// What a session has in common with the others of its server.
struct SessionServices {
    StatsService* stats = nullptr;                   ///< answers requests for statistics, if any
    std::shared_ptr<MemoryBudget> memory = nullptr;  ///< counts what sessions hold, if any
    std::shared_ptr<CallPool> calls = nullptr;       ///< threads for layers that answer on others
    std::shared_ptr<Reactor> reactor = nullptr;      ///< sends on when a slow client has room
};

/// One client of a server: receives its messages, has a MessageHandler answer them, counts.
///
/// Threads: serve() runs on one thread, and what is marked as the handler's is called from within
///          it; everything else from any thread.
class Session : public std::enable_shared_from_this<Session> {
  public:
    /// `slot` is given back when the connection has ended, or with the session.
    Session(SessionId id, std::unique_ptr<Stream> stream, const ServerOptions& options,
            const SessionServices& services = {}, Slots::Slot slot = {});
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    SessionId id() const noexcept { return id_; }
    const std::string& peer() const noexcept { return socket_.peer(); }
    PeerCredentials credentials() const { return socket_.credentials(); }
    const Limits& limits() const noexcept { return socket_.options().limits; }

    /// Serves the client until it leaves, breaks the protocol, or is disconnected. Never throws.
    void serve(MessageHandler& handler) noexcept;

    /// Instead of serve() if there is no handler: ends the connection, counted as its failure.
    void abandon(const char* reason) noexcept;

    void send_obj(const json& message) { socket_.send_obj(message); }

    /// Sends a reply that does not come from a hook, without waiting for the client; counted as the
    /// reply that it is. `sent`, which may be empty and must not throw, is called once, by any
    /// thread, without locks held, when the text has left or never will. Throws UsageError if it is
    /// too large, with `sent` not called.
    void send_reply(std::string_view text, std::function<void()> sent);

    void send_payload(std::string_view payload, Deadline deadline) {
        socket_.send_payload(payload, deadline);
    }

    /// Ends the connection after the hook that is running.
    void disconnect() noexcept { socket_.interrupt(); }

    /// Ends the connection at once, though a hook runs: what it replies reaches nobody.
    void cut_off() noexcept { socket_.close(); }

    /// Is it this side that ends the connection, or has it?
    bool interrupted() const noexcept { return socket_.interrupted(); }

    /// Where memory that is held for the client is counted; null if nowhere.
    MemoryAccount* memory() noexcept { return memory_ ? &*memory_ : nullptr; }

    /// The server's threads for calls; null if it has none.
    const std::shared_ptr<CallPool>& calls() const noexcept { return calls_; }

    /// Bytes of the tree that read_message() made latest. On the serving thread only.
    std::size_t tree_size() const noexcept { return builder_.held(); }

    /// The wire format, once the first message is there. On the serving thread only.
    Framing framing() const noexcept { return socket_.framing(); }

    /// Has serve() not ended the connection yet?
    bool connected() const noexcept { return !disconnected_.load(std::memory_order_acquire); }

    /// Is it connected, and can messages be sent to it?
    bool ready() const noexcept { return ready_.load(std::memory_order_acquire) && connected(); }

    /// What this connection has done, under the name its client has now.
    ClientStats stats() const;

    /// The handler's: a message's tree, counted as received, after naming the client as it says.
    /// It stays the session's. Throws PayloadError.
    json& read_message(std::string_view payload);

    /// The handler's: calls a hook whose exceptions are the hook's own, not the payload's.
    template <typename Hook>
    auto call(Hook hook) {
        const Step before = std::exchange(step_, Step::hook);
        auto result = hook();
        step_ = before;
        return result;
    }

    /// The handler's: makes `reply` the reply's text. The tree is spent on the next message if the
    /// hook has moved that of this one away, as an echo does.
    void write_reply(json&& message, std::string& reply);

    /// The handler's: sends replies that gather, for one that is going to take its time.
    void flush();

    /// The handler's: names the client for the statistics.
    void identify(std::string_view name);

  private:
    /// What is being done, which decides what an exception is counted as.
    enum class Step { receive, read, hook, write };

    void run(MessageHandler& handler);
    std::string_view wait_for_message();
    std::size_t most_held() const noexcept;
    void release_memory();
    void give_back(std::size_t freed) noexcept;
    void answer(MessageHandler& handler, std::string_view payload);
    bool answer_stats(MessageHandler& handler, std::string_view payload);
    void fill(std::string_view payload);
    void queue_reply();
    void count_received();
    void count_sent(std::uint64_t messages, std::uint64_t bytes);
    void uncount_sent(std::uint64_t messages, std::uint64_t bytes);

    static constexpr const char* not_an_exception =
        "a hook threw something that is not a std::exception";

    // In session_failures.cpp.
    void handle_failure(MessageHandler& handler, const std::exception& error) noexcept;
    void handle_unknown_failure(MessageHandler& handler) noexcept;
    void count_failure(Failure failure, const char* reason) noexcept;
    std::optional<Failure> classify(const std::exception& error) const;
    void finish() noexcept;

    const SessionId id_;
    const std::chrono::milliseconds idle_timeout_;
    StatsService* const stats_service_;      // the server's, or null
    const std::shared_ptr<CallPool> calls_;  // the same
    const std::chrono::steady_clock::time_point connect_time_ = std::chrono::steady_clock::now();
    const double connect_ts_ = unix_time();
    Slots::Slot slot_;  // while connected, and while it holds its socket after that
    std::optional<MemoryAccount> memory_;
    JsonSocket socket_;
    Counters counters_;
    std::atomic<bool> ready_{false};  // the handshake is over
    std::atomic<bool> disconnected_{false};

    // The serving thread's.
    std::string current_name_;  // the same as name_
    MemoryHold tree_hold_{memory()};
    MemoryHold reply_hold_{memory()};
    TreeBuilder builder_{&tree_hold_};
    json message_;
    std::string reply_;
    std::size_t largest_size_ = 0;  // of a message or reply since release_memory()
    bool trim_is_due_ = false;      // has memory been freed that the system has not got back?
    double now_ = unix_time();      // as of the latest look at the clock
    Step step_ = Step::hook;
    bool linger_ = false;                        // are replies to be protected from a reset?
    std::optional<std::size_t> uncounted_size_;  // of a payload not yet counted as received
    std::uint64_t unsent_messages_ = 0;          // counted as sent and waiting for flush()
    std::uint64_t unsent_bytes_ = 0;

    mutable Mutex mutex_;
    std::string name_ JSOCKET_GUARDED_BY(mutex_);  // changed by the serving thread only
    double disconnect_ts_ JSOCKET_GUARDED_BY(mutex_) = 0;
    double duration_ JSOCKET_GUARDED_BY(mutex_) = 0;  // once disconnected
};

}  // namespace jsocket
