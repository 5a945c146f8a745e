// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"
#include "rpc/conversation.hpp"
#include "rpc/message.hpp"
#include "support/thread.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/rpc/client.hpp>

#include <optional>
#include <system_error>
#include <utility>

namespace jsocket::rpc {
namespace {

std::shared_ptr<Conversation> make_conversation(const std::shared_ptr<JsonClient>& client,
                                                const Dispatcher& methods) {
    const auto send = [client](const json& message) { client->send_obj(message); };
    const ClientOptions& options = client->options();
    return std::make_shared<Conversation>(
        methods, Link{.send = send,
                      .connection = {
                          .reply =
                              [client](const std::string& text, const std::function<void()>& sent) {
                                  client->send_payload(text);
                                  sent();
                              },
                          .give_up = [client] { client->close(); },
                          .go_on = [client] { return client->connected(); },
                          .limits = options.limits},
                      .address = to_string(Endpoint{options.address, options.port})});
}

}  // namespace

class Client::Impl {
  public:
    Impl(std::shared_ptr<JsonClient> client, std::shared_ptr<Conversation> conversation,
         std::size_t stack_size)
        : client_(std::move(client)),
          conversation_(std::move(conversation)),
          stack_size_(stack_size) {}

    ~Impl() { close(); }

    void connect() {
        if (conversation_->connected() && client_->connected()) return;
        close();
        client_->connect();
        try {
            conversation_->begin();
            reader_.emplace(stack_size_, [this] { read(); });
        } catch (const std::system_error& error) {
            fail(exception_of([&] {
                throw ConnectError(error.what(), error.code(), conversation_->link().address);
            }));
        } catch (...) {
            fail(std::current_exception());
        }
    }

    void close() noexcept {
        client_->close();
        if (!reader_) return;
        reader_->join();
        reader_.reset();
    }

  private:
    /// A connection that nobody reads would be taken for a good one.
    [[noreturn]] void fail(const std::exception_ptr& reason) {
        client_->close();
        conversation_->end(reason, true);
        std::rethrow_exception(reason);
    }

    void read() {
        conversation_->read_here();
        std::exception_ptr reason;
        try {
            for (;;) {
                if (const auto text = client_->try_read_payload(no_timeout)) take(*text);
            }
        } catch (...) {
            reason = std::current_exception();
        }
        client_->close();
        conversation_->end(reason, true);
    }

    void take(const std::string& text) {
        std::optional<std::string> answer;
        try {
            Tree message{parse(text, client_->options().limits)};
            answer = conversation_->take(message.value, text.size());
        } catch (const PayloadError& error) {
            answer = conversation_->take_unreadable(error, text);
        }
        if (answer) conversation_->link().connection.reply(std::move(*answer), [] {});
    }

    const std::shared_ptr<JsonClient> client_;
    const std::shared_ptr<Conversation> conversation_;
    const std::size_t stack_size_;
    std::optional<Thread> reader_;
};

Client::Client(ClientOptions options, const Dispatcher& methods)
    : Client(std::make_shared<JsonClient>(std::move(options)), methods) {}

Client::Client(std::shared_ptr<JsonClient> client, const Dispatcher& methods)
    : Peer(make_conversation(client, methods)),
      impl_(
          std::make_unique<Impl>(std::move(client), conversation_, methods.options().stack_size)) {}

Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

void Client::connect() { impl_->connect(); }

void Client::close() noexcept {
    if (impl_) impl_->close();
}

}  // namespace jsocket::rpc
