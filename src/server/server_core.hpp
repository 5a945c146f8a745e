// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/session.hpp"
#include "server/slots.hpp"
#include "server/stats_book.hpp"
#include "server/stats_service.hpp"
#include "socket/reactor.hpp"
#include "socket/tls_context.hpp"
#include "support/log.hpp"
#include "support/mutex.hpp"
#include "support/thread.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/server/server_options.hpp>
#include <jsocket/server/stats.hpp>
#include <jsocket/socket/listener.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace jsocket {

/// What runs behind every threaded server: the listening socket, the thread that accepts, the
/// sessions that are open and the statistics of those that were.
///
/// Threads: every member may be called from any thread.
class ServerCore {
  public:
    using Serve = std::function<void(std::shared_ptr<Session>)>;

    ServerCore(ServerOptions options, Serve serve, std::function<void()> finish);

    const ServerOptions& options() const noexcept { return options_; }
    const Endpoint& endpoint() const noexcept { return endpoint_; }

    void start();
    void stop() noexcept;
    bool join(Deadline deadline);  // has it ended by then?
    void reload_tls();
    bool running() const noexcept;
    bool stopping() const noexcept { return stop_.raised(); }

    /// While one lives, its thread runs hooks of the server, and join() refuses to wait on it.
    class Serving {
      public:
        explicit Serving(const ServerCore& core);
        ~Serving();
        Serving(const Serving&) = delete;
        Serving& operator=(const Serving&) = delete;
    };

    /// Has `handler` serve the session to its end, on the calling thread.
    void serve(const std::shared_ptr<Session>& session, MessageHandler& handler);

    /// Closes a session for which there is no thread; counted as refused.
    void refuse(const std::shared_ptr<Session>& session) noexcept;

    /// Ends a session for which no handler could be made.
    void abandon(const std::shared_ptr<Session>& session, const char* reason);

    void disconnect_all() noexcept;

    /// The connected ones, oldest first.
    std::vector<std::shared_ptr<Session>> sessions() const;
    std::shared_ptr<Session> find(SessionId id) const;

    ServerStats client_stats() const;

  private:
    /// Why a client is not served.
    enum class Refusal : std::uint8_t {
        few_descriptors,
        user_not_allowed,
        all_slots_taken,
        all_slots_of_host_taken,
    };
    static constexpr std::size_t refusal_count = 4;

    void run();
    void accept_one();
    std::optional<Refusal> objection(const Stream& client, Slots::Slot& slot);
    std::optional<Refusal> take_slot(const Stream& client, Slots::Slot& slot);
    std::unique_ptr<Stream> secured(std::unique_ptr<Stream> stream) const;
    std::shared_ptr<Session> admit(std::unique_ptr<Stream> stream, Slots::Slot slot);
    void count_refused(Refusal reason);
    void back_off(const std::exception& error) noexcept;
    void end(const std::shared_ptr<Session>& session) noexcept;
    bool wait_for_report(Deadline deadline);
    void report_unfinished() const noexcept;

    // Constant after construction.
    const ServerOptions options_;
    const Serve serve_;
    const std::function<void()> finish_;

    mutable Mutex tls_mutex_;  // before the listener, which clients find as soon as it is there
    std::shared_ptr<const TlsContext> tls_ JSOCKET_GUARDED_BY(tls_mutex_);  // null for no TLS

    const std::shared_ptr<MemoryBudget> memory_;
    const std::shared_ptr<CallPool> calls_;
    const std::shared_ptr<Reactor> reactor_;

    Interrupt stop_;
    Listener listener_;        // closed by the accepting thread, or by stop() if it never started
    const Endpoint endpoint_;  // outlives the listener
    const std::unique_ptr<StatsService> stats_service_;  // null without answer_stats
    std::chrono::milliseconds pause_;                    // the accepting thread's

    std::array<log::Throttle, refusal_count> refusals_;
    log::Throttle pauses_;

    Slots slots_;  // of the sessions below

    mutable Mutex sessions_mutex_;
    std::map<SessionId, std::shared_ptr<Session>> sessions_ JSOCKET_GUARDED_BY(sessions_mutex_);
    StatsBook book_ JSOCKET_GUARDED_BY(sessions_mutex_);
    SessionId last_id_ JSOCKET_GUARDED_BY(sessions_mutex_) = 0;
    std::uint64_t refused_ JSOCKET_GUARDED_BY(sessions_mutex_) = 0;

    mutable Mutex state_mutex_;
    Condition state_changed_;
    std::optional<Thread> thread_ JSOCKET_GUARDED_BY(state_mutex_);  // once started
    bool ended_ JSOCKET_GUARDED_BY(state_mutex_) = false;
    // Of what still runs after stop().
    Deadline next_report_ JSOCKET_GUARDED_BY(state_mutex_) = no_deadline;
    std::chrono::milliseconds report_pause_ JSOCKET_GUARDED_BY(state_mutex_);
};

}  // namespace jsocket
