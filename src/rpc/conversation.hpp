// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rpc/call_runner.hpp"
#include "rpc/timer.hpp"
#include "support/mutex.hpp"

#include <jsocket/error.hpp>
#include <jsocket/rpc/batch.hpp>
#include <jsocket/rpc/dispatcher.hpp>
#include <jsocket/rpc/peer.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace jsocket::rpc {

/// What `function` throws, if only that there is no memory for it: to end a call with, which always
/// has to be possible.
template <typename Function>
std::exception_ptr exception_of(const Function& function) noexcept {
    try {
        function();
        return nullptr;
    } catch (...) {
        return std::current_exception();
    }
}

/// How a Conversation reaches the other end.
struct Link {
    std::function<void(const json&)> send;  ///< a call or a notification, from any thread
    CallRunner::Connection connection;      ///< for replies
    std::string address = {};
    std::uint64_t session_id = 0;
    PeerCredentials credentials = {};
};

/// Both directions of JSON-RPC over a connection, at either end of it: the calls made here that
/// wait for their replies, and those that the other end makes.
///
/// Threads:  read_here(), take(), take_unreadable() and end() on the thread that reads the
///           connection, begin() on that one or before it is started; what is the Peer's on any.
class Conversation : public std::enable_shared_from_this<Conversation> {
  public:
    /// Must not throw.
    using Completion = std::function<void(json* result, std::exception_ptr error)>;

    /// Throws UsageError if the stack_size of `methods` is too small for the limits of `link`.
    Conversation(Dispatcher methods, Link link);

    /// The connection is there.
    void begin();

    /// This thread reads it.
    void read_here() { reader_ = std::this_thread::get_id(); }

    /// Takes what has arrived, `size` bytes of text; the reply, if there is one at once.
    std::optional<std::string> take(json& message, std::size_t size);

    /// The same for a text that is no JSON, or beyond a limit: the reply to the only call in
    /// flight, or that to one of several, and else a request.
    std::optional<std::string> take_unreadable(const PayloadError& error, std::string_view text);

    /// Nothing more will arrive: whatever waits for a reply gets `reason`. `abrupt`: tells methods
    /// that run to stop at once, instead of after drain_timeout. Waits for them.
    void end(const std::exception_ptr& reason, bool abrupt) noexcept;

    // The Peer's.
    void start(std::string_view method, json params, CallOptions options, Completion completion);
    void notify(std::string_view method, json params);
    std::vector<Outcome> batch(const Batch& batch, CallOptions options);
    bool connected() const noexcept { return open_.load(std::memory_order_acquire); }
    const Link& link() const noexcept { return link_; }
    std::uint64_t stray_replies() const noexcept { return stray_replies_.load(); }

    /// Throws UsageError on the thread that reads the connection, which would wait for itself.
    void require_other_thread() const;

  private:
    /// The right to have a message with calls in flight; given back when it is destroyed. Only what
    /// ends before the Conversation has one: members, threads that it joins, calls by a Peer.
    using Slot = std::shared_ptr<void>;

    struct Pending {
        std::string method;
        Completion complete;
        Slot slot;
        std::optional<Timer::Handle> timeout = {};
        bool sent = false;
        bool overdue = false;  // its time-out has come, and waits until it is sent
    };

    class Expected;

    Slot acquire_slot(Deadline deadline);
    void release_slot() noexcept;
    std::uint64_t expect(std::string method, Completion completion, Slot slot, Deadline deadline);
    std::optional<Pending> forget(std::uint64_t id) noexcept;
    void sent(std::uint64_t id) noexcept;
    bool may_time_out(std::uint64_t id) noexcept;
    void time_out(std::uint64_t id) noexcept;
    void send_cancel(std::uint64_t id) noexcept;
    bool is_current(std::uint64_t id) noexcept;
    bool is_answer(const json& message);
    void take_reply(json& reply);
    bool take_error_without_id(const json& reply);
    bool has_pending() noexcept;
    bool fail_only_message(const std::function<void(const std::string& method)>& fail);
    std::optional<std::string> take_batch(json& batch, std::size_t size);

    const Dispatcher methods_;
    const Link link_;
    std::atomic<bool> open_{false};
    std::atomic<std::thread::id> reader_{};
    std::atomic<std::uint64_t> stray_replies_{0};
    std::atomic<bool> notified_{false};   // has anything been sent whose refusal has no id?
    std::shared_ptr<CallRunner> runner_;  // the reading thread's; one for each connection

    Mutex mutex_;
    Condition slot_free_;  // or the end has come
    std::uint64_t last_id_ JSOCKET_GUARDED_BY(mutex_) = 0;
    std::uint64_t first_id_ JSOCKET_GUARDED_BY(mutex_) = 1;  // of this connection
    std::size_t slots_used_ JSOCKET_GUARDED_BY(mutex_) = 0;
    std::map<std::uint64_t, Pending> pending_ JSOCKET_GUARDED_BY(mutex_);  // whose slots are above

    // Last, so that their functions find the others alive.
    Timer cancels_;  // sends them, which may take time that time-outs do not have
    Timer timer_;    // schedules in cancels_
};

}  // namespace jsocket::rpc
