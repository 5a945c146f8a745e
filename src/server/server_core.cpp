// SPDX-License-Identifier: Apache-2.0
#include "server/server_core.hpp"

#include "socket/descriptors.hpp"
#include "socket/wait.hpp"
#include "support/log.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <poll.h>
#include <utility>

namespace jsocket {
namespace {

// When accepting fails for want of descriptors or memory, trying again at once would just spin.
constexpr std::chrono::milliseconds first_pause(10);
constexpr std::chrono::milliseconds longest_pause(1'000);

// Left for the program's own files.
constexpr int reserved_descriptors = 32;

/// The server whose hooks the current thread may be in.
thread_local const ServerCore* serving = nullptr;

const ServerOptions& checked(const ServerOptions& options) {
    check_options(options);
    return options;
}

}  // namespace

ServerCore::ServerCore(ServerOptions options, Serve serve, std::function<void()> finish)
    : options_(checked(options)),
      serve_(std::move(serve)),
      finish_(std::move(finish)),
      listener_({options_.address, options_.port}, stop_, options_.unix_mode),
      endpoint_(listener_.endpoint()),
      pause_(first_pause),
      book_(options_.max_client_entries) {}

void ServerCore::start() {
    const Lock join_lock(join_mutex_);
    const Lock lock(state_mutex_);
    if (started_) throw UsageError("start() was called before; a server runs once");
    if (stopping()) throw UsageError("start() was called after stop(); a server runs once");
    thread_.emplace(options_.stack_size, [this] { run(); });
    started_ = true;
}

void ServerCore::stop() noexcept {
    stop_.raise();
    {
        // Whoever is admitted after this sees that the server is stopping.
        const Lock lock(sessions_mutex_);
        for (const auto& [id, session] : sessions_) session->disconnect();
    }
    const Lock lock(state_mutex_);
    if (!started_) listener_.close();
}

void ServerCore::join() {
    if (serving == this) throw UsageError("join() was called in a hook; it would wait for itself");
    const Lock lock(join_mutex_);
    if (thread_) thread_->join();
}

bool ServerCore::running() const noexcept {
    const Lock lock(state_mutex_);
    return started_ && !ended_.load(std::memory_order_acquire);
}

void ServerCore::serve(const std::shared_ptr<Session>& session, MessageHandler& handler) {
    serving = this;
    session->serve(handler);
    serving = nullptr;
    end(session);
}

void ServerCore::refuse(const std::shared_ptr<Session>& session) noexcept {
    const Lock lock(sessions_mutex_);
    ++refused_;
    sessions_.erase(session->id());
}

void ServerCore::abandon(const std::shared_ptr<Session>& session) {
    session->abandon();
    end(session);
}

std::vector<std::shared_ptr<Session>> ServerCore::sessions() const {
    std::vector<std::shared_ptr<Session>> result;
    const Lock lock(sessions_mutex_);
    for (const auto& [id, session] : sessions_) {
        if (session->connected()) result.push_back(session);
    }
    return result;
}

std::shared_ptr<Session> ServerCore::find(SessionId id) const {
    const Lock lock(sessions_mutex_);
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || !found->second->connected()) return nullptr;
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
    ended_.store(true, std::memory_order_release);
}

void ServerCore::accept_one() {
    auto stream = listener_.accept();
    if (!stream) return;
    if (const auto session = admit(std::move(stream))) serve_(session);
}

/// Empty, with the connection closed, if there are too many.
std::shared_ptr<Session> ServerCore::admit(std::unique_ptr<Stream> stream) {
    const bool spare = descriptors_left(stop_.fd(), reserved_descriptors);
    const Lock lock(sessions_mutex_);
    if (stopping()) return nullptr;
    if (!spare || sessions_.size() >= options_.max_connections) {
        if (refused_++ == 0) {
            log::warn(to_string(endpoint_) + " refuses connections: " +
                      (spare ? "max_connections reached" : "few file descriptors left"));
        }
        return nullptr;
    }
    auto session =
        std::make_shared<Session>(++last_id_, std::move(stream), socket_options(options_));
    sessions_.emplace(session->id(), session);
    return session;
}

void ServerCore::back_off(const std::exception& error) {
    if (pause_ == first_pause) log::warn(to_string(endpoint_) + " pauses: " + error.what());
    try {
        wait_for(-1, 0, deadline_after(pause_), &stop_);
    } catch (const ConnectionError&) {
        // poll(2) itself is short of memory; the loop is slowed down by trying.
    }
    pause_ = std::min(2 * pause_, longest_pause);
}

/// Moves a session from the open ones to the book, in one step for whoever takes a snapshot.
void ServerCore::end(const std::shared_ptr<Session>& session) {
    const Lock lock(sessions_mutex_);
    book_.add(session->stats());
    sessions_.erase(session->id());
}

}  // namespace jsocket
