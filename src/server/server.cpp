// SPDX-License-Identifier: Apache-2.0
#include "server/server_core.hpp"

#include <jsocket/server/server.hpp>

#include <cstdio>
#include <exception>
#include <utility>

namespace jsocket {

Server::Server(ServerOptions options, std::function<void(std::shared_ptr<Session>)> serve,
               std::function<void()> finish)
    : core_(std::make_unique<ServerCore>(std::move(options), std::move(serve), std::move(finish))) {
}

Server::~Server() {
    terminate_if_running();
    core_->join(no_deadline);
}

void Server::terminate_if_running() noexcept {
    if (!core_->running()) return;
    std::fputs(
        "jsocket: a server was destroyed while it runs, and its hooks with it; "
        "use jsocket::Running<...>, or call stop() and join() first\n",
        stderr);
    std::terminate();
}

void Server::start() { core_->start(); }

void Server::stop() noexcept { core_->stop(); }

void Server::join() { core_->join(no_deadline); }

bool Server::join_for(std::chrono::milliseconds timeout) {
    return core_->join(deadline_after(timeout));
}

void Server::reload_tls() { core_->reload_tls(); }

bool Server::running() const noexcept { return core_->running(); }

std::uint16_t Server::port() const noexcept { return core_->endpoint().port; }

const std::string& Server::address() const noexcept { return core_->endpoint().address; }

std::string Server::endpoint() const { return to_string(core_->endpoint()); }

ServerStats Server::client_stats() const { return core_->client_stats(); }

}  // namespace jsocket
