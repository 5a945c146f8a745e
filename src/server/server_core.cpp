// SPDX-License-Identifier: Apache-2.0
#include "server/server_core.hpp"

#include "server/allowed_users.hpp"
#include "server/call_pool.hpp"
#include "socket/descriptors.hpp"
#include "socket/wait.hpp"
#include "support/log.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <poll.h>
#include <system_error>
#include <utility>

namespace jsocket {
namespace {

// When accepting fails for want of descriptors or memory, trying again at once would just spin.
constexpr std::chrono::milliseconds first_pause(10);
constexpr std::chrono::milliseconds longest_pause(1'000);

// A hook that outlasts drain_timeout is worth a line of log, and so is one that still does after
// twice that, and so on, up to this.
constexpr std::chrono::milliseconds longest_report_pause(60'000);
constexpr std::size_t clients_in_report = 10;

// Left for the program's own files.
constexpr int reserved_descriptors = 32;

/// The server whose hooks the current thread may be in.
thread_local const ServerCore* serving = nullptr;

/// An address without its port.
std::string host_of(std::string peer) {
    peer.resize(std::min(peer.rfind(':'), peer.size()));
    return peer;
}

ServerOptions checked(ServerOptions options) {
    check_options(options);
    return options;
}

std::shared_ptr<const TlsContext> tls_context(const ServerOptions& options) {
    return options.tls ? std::make_shared<const TlsContext>(*options.tls) : nullptr;
}

std::shared_ptr<MemoryBudget> memory_budget(const ServerOptions& options) {
    const std::size_t bytes = options.memory_budget;
    return std::make_shared<MemoryBudget>(bytes > 0 ? bytes : default_memory_budget());
}

}  // namespace

ServerCore::ServerCore(ServerOptions options, Serve serve, std::function<void()> finish)
    : options_(checked(std::move(options))),
      serve_(std::move(serve)),
      finish_(std::move(finish)),
      tls_(tls_context(options_)),
      memory_(memory_budget(options_)),
      calls_(std::make_shared<CallPool>(options_.max_call_threads, options_.stack_size)),
      reactor_(std::make_shared<Reactor>(options_.stack_size)),
      listener_({options_.address, options_.port}, stop_, options_.unix_mode),
      endpoint_(listener_.endpoint()),
      stats_service_(options_.answer_stats ? std::make_unique<StatsService>(
                                                 to_string(endpoint_),
                                                 [this] { return client_stats(); }, options_.limits)
                                           : nullptr),
      pause_(first_pause),
      slots_(options_.max_connections, options_.max_connections_per_peer),
      book_(options_.max_client_entries),
      report_pause_(options_.drain_timeout) {
    check_allowed_uids(options_, endpoint_);
    log::prepare();
}

void ServerCore::start() {
    const Lock lock(state_mutex_);
    if (thread_) throw UsageError("start() was called before; a server runs once");
    if (stopping()) throw UsageError("start() was called after stop(); a server runs once");
    try {
        thread_.emplace(options_.stack_size, [this] { run(); });
    } catch (const std::system_error& error) {
        const std::string where = to_string(endpoint_);
        throw ConnectError("cannot serve on " + where + ": " + error.what(), error.code(), where);
    }
}

void ServerCore::stop() noexcept {
    stop_.raise();
    disconnect_all();  // whoever is admitted after this sees that the server is stopping
    const Lock lock(state_mutex_);
    if (!thread_) listener_.close();
    if (next_report_ == no_deadline) next_report_ = deadline_after(report_pause_);
    state_changed_.notify_all();
}

bool ServerCore::join(Deadline deadline) {
    if (serving == this) throw UsageError("join() was called in a hook; it would wait for itself");
    while (wait_for_report(deadline)) report_unfinished();
    const Lock lock(state_mutex_);
    if (thread_ && !ended_) return false;
    if (thread_) thread_->join();
    return true;
}

/// Waits for the end, at most until `deadline`. True if a report is due before; of several threads
/// that wait, one is told.
bool ServerCore::wait_for_report(Deadline deadline) {
    const Lock lock(state_mutex_);
    while (thread_ && !ended_) {
        const Deadline now = std::chrono::steady_clock::now();
        if (now >= next_report_) {
            report_pause_ = std::min(2 * report_pause_, longest_report_pause);
            next_report_ = now + report_pause_;
            return true;
        }
        if (now >= deadline) return false;
        state_changed_.wait_until(state_mutex_, std::min(deadline, next_report_));
    }
    return false;
}

/// A hook cannot be ended from outside; its client can be let go.
void ServerCore::report_unfinished() const noexcept {
    try {
        const auto unfinished = sessions();
        for (const auto& session : unfinished) session->cut_off();
        std::string text = to_string(endpoint_) + " has been stopped, but ";
        if (unfinished.empty()) {
            text += "a worker is still being destroyed";
        } else {
            text += "hooks still run for " + std::to_string(unfinished.size()) +
                    " client(s), which are disconnected now:";
        }
        for (std::size_t i = 0; i < std::min(unfinished.size(), clients_in_report); ++i) {
            text += ' ' + unfinished[i]->peer();
        }
        if (unfinished.size() > clients_in_report) text += " ...";
        log::warn(text);
    } catch (const std::bad_alloc&) {
        // There may be memory at the next report.
    }
}

void ServerCore::reload_tls() {
    if (!options_.tls) throw UsageError("reload_tls() was called on a server without tls");
    auto fresh = tls_context(options_);
    const Lock lock(tls_mutex_);
    tls_.swap(fresh);
}

bool ServerCore::running() const noexcept {
    const Lock lock(state_mutex_);
    return thread_ && !ended_;
}

ServerCore::Serving::Serving(const ServerCore& core) { serving = &core; }

ServerCore::Serving::~Serving() { serving = nullptr; }

void ServerCore::serve(const std::shared_ptr<Session>& session, MessageHandler& handler) {
    session->serve(handler);
    end(session);
}

void ServerCore::disconnect_all() noexcept {
    const Lock lock(sessions_mutex_);
    for (const auto& [id, session] : sessions_) session->disconnect();
}

void ServerCore::refuse(const std::shared_ptr<Session>& session) noexcept {
    const Lock lock(sessions_mutex_);
    ++refused_;
    sessions_.erase(session->id());
}

void ServerCore::abandon(const std::shared_ptr<Session>& session, const char* reason) {
    session->abandon(reason);
    end(session);
}

std::vector<std::shared_ptr<Session>> ServerCore::sessions() const {
    std::vector<std::shared_ptr<Session>> result;
    const Lock lock(sessions_mutex_);
    for (const auto& [id, session] : sessions_) {
        if (session->ready()) result.push_back(session);
    }
    return result;
}

std::shared_ptr<Session> ServerCore::find(SessionId id) const {
    const Lock lock(sessions_mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || !found->second->ready()) return nullptr;
    return found->second;
}

ServerStats ServerCore::client_stats() const {
    ServerStats stats;
    const Lock lock(sessions_mutex_);
    stats.refused_connections = refused_;
    stats.clients = book_.entries();
    for (const auto& [id, session] : sessions_) {
        const ClientStats connection = session->stats();
        merge(stats.clients[connection.client_id], connection);
    }
    stats.connected_clients =
        static_cast<std::size_t>(std::count_if(stats.clients.begin(), stats.clients.end(),
                                               [](const auto& c) { return c.second.connected; }));
    stats.totals = book_.forgotten();
    for (const auto& [name, client] : stats.clients) merge(stats.totals, client);
    stats.totals.client_id.clear();
    return stats;
}

void ServerCore::run() {
    while (!stopping()) {
        try {
            accept_one();
            pause_ = first_pause;
        } catch (const std::exception& error) {
            back_off(error);
        }
    }
    listener_.close();
    if (finish_) finish_();
    calls_->finish();
    reactor_->stop();
    const Lock lock(state_mutex_);
    ended_ = true;
    state_changed_.notify_all();
}

void ServerCore::accept_one() {
    auto stream = listener_.accept();
    if (!stream) return;
    Slots::Slot slot;
    if (const auto reason = objection(*stream, slot)) {
        count_refused(*reason);
    } else if (const auto session = admit(secured(std::move(stream)), std::move(slot))) {
        serve_(session);
    }
}

/// Why this client is not to be served; if it is, `slot` is its own.
std::optional<ServerCore::Refusal> ServerCore::objection(const Stream& client, Slots::Slot& slot) {
    if (!descriptors_left(stop_.fd(), reserved_descriptors)) return Refusal::few_descriptors;
    if (!is_allowed(client, options_)) return Refusal::user_not_allowed;
    return take_slot(client, slot);
}

std::optional<ServerCore::Refusal> ServerCore::take_slot(const Stream& client, Slots::Slot& slot) {
    const std::string host = endpoint_.unix_path() ? std::string() : host_of(client.peer());
    switch (slots_.take(host, slot)) {
        case Slots::Refusal::all_taken:
            return Refusal::all_slots_taken;
        case Slots::Refusal::all_of_host_taken:
            return Refusal::all_slots_of_host_taken;
        case Slots::Refusal::none:
            break;
    }
    return std::nullopt;
}

std::unique_ptr<Stream> ServerCore::secured(std::unique_ptr<Stream> stream) const {
    const Lock lock(tls_mutex_);
    return tls_ ? tls_->accept(std::move(stream)) : std::move(stream);
}

/// Empty, with the connection closed, if the server is stopping.
std::shared_ptr<Session> ServerCore::admit(std::unique_ptr<Stream> stream, Slots::Slot slot) {
    const Lock lock(sessions_mutex_);
    if (stopping()) return nullptr;
    const SessionServices services{stats_service_.get(), memory_, calls_, reactor_};
    auto session = std::make_shared<Session>(++last_id_, std::move(stream), options_, services,
                                             std::move(slot));
    sessions_.emplace(session->id(), session);
    return session;
}

void ServerCore::count_refused(Refusal reason) {
    static constexpr std::array<const char*, refusal_count> texts = {
        "few file descriptors left",
        "a user that is not among allowed_uids",
        "max_connections reached",
        "max_connections_per_peer reached",
    };
    if (stopping()) return;
    {
        const Lock lock(sessions_mutex_);
        ++refused_;
    }
    const auto kind = std::size_t(reason);
    log::warn(refusals_[kind], to_string(endpoint_) + " refuses connections: " + texts[kind]);
}

void ServerCore::back_off(const std::exception& error) noexcept {
    try {
        log::warn(pauses_, to_string(endpoint_) + " pauses: " + error.what());
        wait_for(-1, 0, deadline_after(pause_), &stop_);
    } catch (const std::exception&) {
        // No memory for a line of log, or for poll(2); trying again slows the loop down.
    }
    pause_ = std::min(2 * pause_, longest_pause);
}

/// Moves a session from the open ones to the book, in one step for whoever takes a snapshot.
void ServerCore::end(const std::shared_ptr<Session>& session) noexcept {
    const Lock lock(sessions_mutex_);
    try {
        book_.add(session->stats());
    } catch (const std::bad_alloc&) {
        // Its counts are lost; the session must not stay.
    }
    sessions_.erase(session->id());
}

}  // namespace jsocket
