// SPDX-License-Identifier: Apache-2.0
#include "rpc/conversation.hpp"
#include "rpc/dispatcher_impl.hpp"
#include "rpc/message.hpp"
#include "rpc/stats_entry.hpp"
#include "server/session.hpp"

#include <jsocket/error.hpp>
#include <jsocket/rpc/server_thread.hpp>

#include <utility>

namespace jsocket::rpc {
namespace {

Link link_to(const std::shared_ptr<Session>& session) {
    // A Peer may be kept longer than its connection, whose descriptor must not be.
    const std::weak_ptr<Session> weak = session;
    const auto get = [weak, peer = session->peer()] {
        auto alive = weak.lock();
        if (alive) return alive;
        throw ConnectionClosed("socket connection broken: " + peer + " is gone", false);
    };
    return {.send = [get](const json& message) { get()->send_obj(message); },
            .connection = {.reply =
                               [get](const std::string& text, std::function<void()> sent) {
                                   get()->send_reply(text, std::move(sent));
                               },
                           .give_up =
                               [weak] {
                                   if (const auto alive = weak.lock()) alive->disconnect();
                               },
                           .go_on =
                               [get] {
                                   get()->flush();
                                   return !get()->interrupted();
                               },
                           .limits = session->limits(),
                           .memory = session->memory(),
                           .threads = session->calls(),
                           .tree_size = [get] { return get()->tree_size(); }},
            .address = session->peer(),
            .session_id = session->id(),
            .credentials = session->credentials()};
}

/// Security: a browser can be made to send such text to the port, but not to begin with it.
bool looks_like_rpc(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    return begin != std::string_view::npos && (text[begin] == '{' || text[begin] == '[');
}

}  // namespace

class ServerThread::Impl {
  public:
    explicit Impl(Dispatcher offered) : methods(std::move(offered)) {}

    /// On the client's thread the first time, which is that of the first message or an earlier
    /// hook.
    const std::shared_ptr<Conversation>& conversation(const ServerThread& thread) {
        if (!conversation_) {
            conversation_ = std::make_shared<Conversation>(methods, link_to(thread.session()));
            if (ended_) return conversation_;  // nobody would end it if it began
            conversation_->begin();
            conversation_->read_here();
        }
        return conversation_;
    }

    void end(bool abrupt) {
        ended_ = true;
        if (!conversation_) return;
        const auto reason = exception_of([this] {
            throw ConnectionClosed("socket connection broken: " + conversation_->link().address +
                                       " has disconnected, or is being disconnected",
                                   false);
        });
        conversation_->end(reason, abrupt);
    }

    Dispatcher methods;
    std::size_t size = 0;  // of the text that is being taken

  private:
    std::shared_ptr<Conversation> conversation_;
    bool ended_ = false;
};

ServerThread::ServerThread(const Dispatcher& methods) : impl_(std::make_unique<Impl>(methods)) {}

ServerThread::~ServerThread() = default;

Dispatcher& ServerThread::methods() noexcept { return impl_->methods; }

Peer ServerThread::client() const { return Peer(impl_->conversation(*this)); }

std::optional<json> ServerThread::process_message(json& message) {
    const auto reply = impl_->conversation(*this)->take(message, impl_->size);
    if (!reply) return std::nullopt;
    return parse(*reply, session()->limits());
}

void ServerThread::process_payload(std::string_view payload, std::string& reply) {
    const auto serving = session();
    impl_->size = payload.size();
    std::optional<std::string> answer;
    try {
        json& message = serving->read_message(payload);
        answer =
            serving->call([&] { return impl_->conversation(*this)->take(message, impl_->size); });
    } catch (const PayloadError& error) {
        if (serving->framing() == Framing::lines && !looks_like_rpc(payload)) throw;
        answer = impl_->conversation(*this)->take_unreadable(error, payload);
    }
    if (answer) reply = std::move(*answer);
}

void ServerThread::on_stats(json& result) {
    result["methods"] =
        stats_entry(impl_->methods.method_stats(), most_buckets(session()->limits()));
}

void ServerThread::drain() { impl_->end(!session()->interrupted()); }

}  // namespace jsocket::rpc
