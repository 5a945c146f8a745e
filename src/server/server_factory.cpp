// SPDX-License-Identifier: Apache-2.0
#include "server/server_core.hpp"
#include "support/worker_pool.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/server_factory.hpp>

#include <utility>

namespace jsocket {

/// Makes a worker for each session and runs it on a thread of its own.
class ServerFactoryBase::Pool {
  public:
    Pool(std::size_t stack_size, MakeWorker make_worker)
        : make_worker_(std::move(make_worker)), threads_(stack_size) {}

    void serve(ServerCore& core, const std::shared_ptr<Session>& session) {
        try {
            threads_.run([this, &core, session] { run_worker(core, session); });
        } catch (const std::exception&) {
            core.refuse(session);
            throw;  // no thread, no memory: accepting pauses
        }
    }

    void finish() { threads_.finish(); }

  private:
    /// The worker lives on this thread's stack: it cannot be destroyed while it runs.
    void run_worker(ServerCore& core, const std::shared_ptr<Session>& session) const noexcept {
        const ServerCore::Serving here(core);
        std::unique_ptr<ServerFactoryThread> worker;
        try {
            worker = make_worker_();
        } catch (const std::exception& error) {
            return core.abandon(session, error.what());
        } catch (...) {
            return core.abandon(session,
                                "a constructor threw something that is not a std::exception");
        }
        core.serve(session, *worker);
    }

    const MakeWorker make_worker_;
    WorkerPool threads_;
};

ServerFactoryBase::ServerFactoryBase(ServerOptions options, MakeWorker make_worker)
    : Server(
          std::move(options),
          [this](const std::shared_ptr<Session>& session) { pool_->serve(core(), session); },
          [this] { pool_->finish(); }),
      pool_(std::make_unique<Pool>(core().options().stack_size, std::move(make_worker))) {}

ServerFactoryBase::~ServerFactoryBase() {
    stop();
    join();
}

std::size_t ServerFactoryBase::active() const { return core().sessions().size(); }

std::vector<SessionId> ServerFactoryBase::sessions() const {
    std::vector<SessionId> ids;
    for (const auto& session : core().sessions()) ids.push_back(session->id());
    return ids;
}

void ServerFactoryBase::send_obj(SessionId client, const json& message) {
    const auto session = core().find(client);
    if (!session) throw UsageError("no client has the session id " + std::to_string(client));
    session->send_obj(message);
}

std::size_t ServerFactoryBase::broadcast(const json& message) {
    std::string text;
    serialize(message, text, core().options().limits);
    // What one client that does not read takes of the time is lost to the next one.
    const Deadline deadline = deadline_after(core().options().send_timeout);
    std::size_t reached = 0;
    for (const auto& session : core().sessions()) {
        if (core().stopping()) break;
        try {
            session->send_payload(text, deadline);
            ++reached;
        } catch (const Error&) {
            // That client is disconnected now, or was already; the others still get theirs.
        } catch (const std::bad_alloc&) {
            session->disconnect();
        }
    }
    return reached;
}

void ServerFactoryBase::disconnect(SessionId client) noexcept {
    if (const auto session = core().find(client)) session->disconnect();
}

void ServerFactoryBase::stop_all() noexcept { core().disconnect_all(); }

}  // namespace jsocket
