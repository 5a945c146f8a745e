// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rpc/dispatcher_impl.hpp"
#include "rpc/message.hpp"
#include "rpc/replies.hpp"
#include "rpc/timer.hpp"
#include "server/call_pool.hpp"
#include "support/mutex.hpp"

#include <jsocket/deadline.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace jsocket::rpc {

/// Runs what the other end of one connection calls: methods of a dispatcher, on threads as their
/// Run says, within the limits of Options.
///
/// Each message is a Job. Its calls run in up to three groups, one for each Run; whoever ends the
/// last one sends the reply.
///
/// Threads:  take() and finish() on the thread that reads the connection; the rest on any.
/// Lifetime: finish() before it is destroyed. `methods` must outlive it.
class CallRunner : public std::enable_shared_from_this<CallRunner> {
  public:
    /// How its connection is reached, from any thread but for `go_on`.
    struct Connection {
        /// Sends a reply. `sent` is called once, by any thread, without locks held, when it has
        /// left or never will; not after an exception. Throws as Peer does.
        std::function<void(std::string reply, std::function<void()> sent)> reply;
        std::function<void()> give_up;  ///< ends it, without waiting

        /// On the reading thread, now and then while it waits: sends what has been answered. False
        /// once this side is ending the connection.
        std::function<bool()> go_on;

        Limits limits;  ///< of what can be sent

        /// Where the memory of calls and replies is counted; null if nowhere.
        MemoryAccount* memory = nullptr;

        /// The threads of all connections of a server; null for some of this one's own.
        std::shared_ptr<CallPool> threads = nullptr;

        /// Bytes of the tree that take() is given, on the reading thread; may be empty.
        std::function<std::size_t()> tree_size = {};
    };

    CallRunner(const Dispatcher& methods, Connection connection);

    /// Takes a request or a batch, of `size` bytes as text, which it moves from. The reply, if it
    /// is there at once; else it is sent later, or there is none. Waits while too many
    /// notifications are queued; throws TimeoutError if they come to nothing.
    std::optional<std::string> take(json& message, std::size_t size,
                                    const std::shared_ptr<Conversation>& conversation);

    /// Tells everything that runs, waits or comes to stop.
    void stop_all() noexcept { all_.request_stop(); }

    /// What has not begun is answered with `cancelled` instead.
    void cancel_all() noexcept;

    /// Has everything been answered by then? Replies may have yet to leave. If no call can begin
    /// until the client has read some, it gets only so much `patience`.
    bool wait_until_idle(Deadline deadline, std::chrono::milliseconds patience) noexcept;

    /// Waits for everything, and ends the threads.
    void finish() noexcept;

  private:
    struct Item;
    struct Job;
    using JobPtr = std::shared_ptr<Job>;

    JobPtr make_job(json& message, std::size_t size);
    void cancel(const json& params);
    void admit(Job& job);
    void wait_for_room() JSOCKET_REQUIRES(mutex_);
    void release(Job& job) noexcept;
    bool has_room(const Job& job) const JSOCKET_REQUIRES(mutex_);
    void register_item(Job& job, Item& item) JSOCKET_REQUIRES(mutex_);
    bool start_groups(const JobPtr& job);
    void start(const JobPtr& job, Run run);
    void start_in_order(const JobPtr& job);
    void run_in_order();
    bool come_again() noexcept;
    void run_group(Job& job, Run run);
    void send(const JobPtr& job);
    void refuse_group(Job& job, Run run, const char* reason);
    void run_item(Job& job, Item& item);
    std::size_t call(Job& job, Item& item);
    bool end_group(Job& job);
    void finish_group(const JobPtr& job, Run run) noexcept;
    void forget_ids(Job& job) JSOCKET_REQUIRES(mutex_);
    std::optional<std::string> reply_of(Job& job);

    const Dispatcher::Impl& methods_;
    const Options& options_;
    const Connection connection_;
    const std::shared_ptr<CallPool> own_threads_;  // or null
    const std::shared_ptr<CallPool::Lane> lane_;
    Timer timer_;
    std::stop_source all_;  // which the stop sources of calls follow

    Mutex mutex_;
    Condition changed_;  // a job has ended, or left the queue
    std::multimap<std::string, Item*> items_ JSOCKET_GUARDED_BY(mutex_);  // by id_key()
    std::deque<JobPtr> in_order_ JSOCKET_GUARDED_BY(mutex_);
    bool in_order_runs_ JSOCKET_GUARDED_BY(mutex_) = false;
    std::size_t jobs_ JSOCKET_GUARDED_BY(mutex_) = 0;   // not yet answered
    std::size_t calls_ JSOCKET_GUARDED_BY(mutex_) = 0;  // of them, those that are no notifications
    std::size_t sending_ JSOCKET_GUARDED_BY(mutex_) = 0;       // those whose reply is being sent
    std::size_t bytes_ JSOCKET_GUARDED_BY(mutex_) = 0;         // of their messages and replies
    std::size_t queued_bytes_ JSOCKET_GUARDED_BY(mutex_) = 0;  // of those in in_order_
};

}  // namespace jsocket::rpc
