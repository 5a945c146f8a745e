// SPDX-License-Identifier: Apache-2.0
#include "server/session.hpp"
#include "support/mutex.hpp"

#include <jsocket/error.hpp>
#include <jsocket/server/message_handler.hpp>

#include <utility>

namespace jsocket {

/// The session that is being served, if any.
class MessageHandler::Current {
  public:
    void set(std::shared_ptr<Session> session) {
        served_ = session.get();
        const Lock lock(mutex_);
        session_.swap(session);
    }

    /// In hooks, whose thread keeps the session alive: without a lock.
    Session& served() const {
        if (!served_) throw UsageError("no client is connected");
        return *served_;
    }

    std::shared_ptr<Session> get() const {
        const Lock lock(mutex_);
        return session_;
    }

    std::shared_ptr<Session> require() const {
        auto session = get();
        if (!session || !session->ready()) throw UsageError("no client is connected");
        return session;
    }

  private:
    Session* served_ = nullptr;  // the serving thread's
    mutable Mutex mutex_;
    std::shared_ptr<Session> session_ JSOCKET_GUARDED_BY(mutex_);
};

MessageHandler::MessageHandler() : current_(std::make_unique<Current>()) {}

MessageHandler::~MessageHandler() = default;

void MessageHandler::send_obj(const json& message) { current_->require()->send_obj(message); }

bool MessageHandler::connected() const {
    const auto session = current_->get();
    return session && session->ready();
}

void MessageHandler::disconnect_client() noexcept {
    if (const auto session = current_->get()) session->disconnect();
}

std::optional<json> MessageHandler::process_message(json&) {
    throw UsageError("process_message is not overridden, or its server is being destroyed");
}

void MessageHandler::process_payload(std::string_view payload, std::string& reply) {
    Session& session = current_->served();
    json& message = session.read_message(payload);
    std::optional<json> answer = session.call([&] { return process_message(message); });
    if (answer) session.write_reply(std::move(*answer), reply);
}

void MessageHandler::on_error(const std::exception&) {}

void MessageHandler::on_stats(json&) {}

const std::string& MessageHandler::peer() const { return current_->served().peer(); }

PeerCredentials MessageHandler::credentials() const { return current_->served().credentials(); }

SessionId MessageHandler::session_id() const { return current_->served().id(); }

void MessageHandler::identify(std::string_view client) { current_->served().identify(client); }

std::shared_ptr<Session> MessageHandler::session() const {
    return current_->served().shared_from_this();
}

void MessageHandler::attach(std::shared_ptr<Session> session) { current_->set(std::move(session)); }

void MessageHandler::detach() { current_->set(nullptr); }

}  // namespace jsocket
