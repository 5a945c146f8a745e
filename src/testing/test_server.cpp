// SPDX-License-Identifier: Apache-2.0
#include "server/session.hpp"
#include "socket/tls_context.hpp"
#include "support/mutex.hpp"
#include "testing/accept_loop.hpp"
#include "testing/observed_stream.hpp"

#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/server/message_handler.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/test_server.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <utility>

namespace jsocket::testing {
namespace {

// Clients can bring them about as often as they like.
constexpr std::size_t max_problems = 1'000;

TestServer::Answer no_answer() {
    return [](json&) -> std::optional<json> { return std::nullopt; };
}

ServerOptions server_options(const TestServerOptions& options) {
    ServerOptions result;
    result.framing = options.framing;
    result.limits = options.limits;
    result.spin = std::chrono::microseconds::zero();  // each look would be an operation of the plan
    check_options(result);
    return result;
}

}  // namespace

class TestServer::Impl {
  public:
    using Sessions = std::vector<std::shared_ptr<Session>>;

    Impl(TestServerOptions options, Answer answer)
        : options_(std::move(options)),
          session_options_(server_options(options_)),
          accepting_(
              parse_endpoint(options_.listen), options_.max_connections,
              [this](std::uint64_t number, std::unique_ptr<Stream> stream) {
                  serve(number, std::move(stream));
              },
              [this](const std::string& problem) { note(problem); }) {
        if (options_.tls) tls_.emplace(*options_.tls);
        set_answer(std::move(answer));
        accepting_.start();
    }

    ~Impl() { stop(); }

    const Endpoint& endpoint() const { return accepting_.endpoint(); }
    const Transcript& transcript() const { return transcript_; }

    void set_answer(Answer answer) {
        const Lock lock(answer_mutex_);
        answer_ = answer ? std::move(answer) : no_answer();
    }

    /// What the hooks of a connection do.
    std::optional<json> answer(json& message) {
        const Lock lock(answer_mutex_);
        return answer_(message);
    }
    void note(const std::string& problem) {
        const Lock lock(mutex_);
        if (problems_.size() < max_problems) problems_.push_back(problem);
    }
    void connected() {
        const Lock lock(mutex_);
        changed_.notify_all();
    }

    std::vector<std::string> problems() const {
        const Lock lock(mutex_);
        return problems_;
    }
    std::size_t clients() const {
        const Lock lock(mutex_);
        return ready();
    }

    json wait_for_message(std::size_t number, Deadline deadline) const;
    void wait_for_clients(std::size_t number, Deadline deadline) const;
    Sessions wait_for_sessions(Deadline deadline) const;  // of one client at least
    void disconnect(const Sessions& sessions);
    void stop();

  private:
    class Handler;
    struct Client {
        std::shared_ptr<Session> session;
        bool disconnected = false;  // by this side, and about to go
    };

    void serve(std::uint64_t number, std::unique_ptr<Stream> stream) noexcept;
    std::unique_ptr<Stream> equipped(std::uint64_t number, std::unique_ptr<Stream> stream);
    void see(std::uint64_t number, ProxyEvent event);
    std::size_t ready() const JSOCKET_REQUIRES(mutex_);
    [[noreturn]] void fail(const std::string& what) const JSOCKET_REQUIRES(mutex_);

    const TestServerOptions options_;
    const ServerOptions session_options_;
    std::optional<TlsContext> tls_;
    Transcript transcript_;

    Mutex answer_mutex_;
    Answer answer_ JSOCKET_GUARDED_BY(answer_mutex_);

    mutable Mutex mutex_;
    mutable Condition changed_;
    std::map<std::uint64_t, Client> clients_ JSOCKET_GUARDED_BY(mutex_);
    std::vector<std::string> problems_ JSOCKET_GUARDED_BY(mutex_);
    bool stopped_ JSOCKET_GUARDED_BY(mutex_) = false;

    AcceptLoop accepting_;  // last, since its threads use the others
};

class TestServer::Impl::Handler : public MessageHandler {
  public:
    explicit Handler(Impl& server) : server_(server) {}

  private:
    std::optional<json> process_message(json& message) override { return server_.answer(message); }
    void on_connect() override { server_.connected(); }
    void on_error(const std::exception& error) override { server_.note(error.what()); }

    Impl& server_;
};

void TestServer::Impl::serve(std::uint64_t number, std::unique_ptr<Stream> stream) noexcept {
    try {
        see(number, {.kind = ProxyEvent::Kind::connect});
        const auto session = std::make_shared<Session>(number, equipped(number, std::move(stream)),
                                                       session_options_);
        {
            const Lock lock(mutex_);
            if (stopped_) return;
            clients_.emplace(number, Client{.session = session});
        }
        Handler handler(*this);
        session->serve(handler);
        const Lock lock(mutex_);
        clients_.erase(number);
        changed_.notify_all();
    } catch (const std::exception& error) {
        note(error.what());
    }
}

/// Faults come last, so that the transcript has what really went over the connection.
std::unique_ptr<Stream> TestServer::Impl::equipped(std::uint64_t number,
                                                   std::unique_ptr<Stream> stream) {
    if (tls_) stream = tls_->accept(std::move(stream));
    stream = std::make_unique<ObservedStream>(
        std::move(stream), Direction::up, options_.framing,
        [this, number](const ProxyEvent& event) { see(number, event); });
    if (!options_.faults) return stream;
    return std::make_unique<FaultyStream>(std::move(stream), *options_.faults);
}

void TestServer::Impl::see(std::uint64_t number, ProxyEvent event) {
    event.connection = number;
    transcript_.add(event);
    const Lock lock(mutex_);
    changed_.notify_all();
}

std::size_t TestServer::Impl::ready() const {
    return static_cast<std::size_t>(
        std::count_if(clients_.begin(), clients_.end(), [](const auto& entry) {
            return !entry.second.disconnected && entry.second.session->ready();
        }));
}

json TestServer::Impl::wait_for_message(std::size_t number, Deadline deadline) const {
    const Lock lock(mutex_);
    for (bool over = false;;) {
        std::vector<json> messages = transcript_.messages(Direction::up);
        if (messages.size() >= number) return std::move(messages[number - 1]);
        if (over) fail("message " + std::to_string(number) + " has not come");
        over = changed_.wait_until(mutex_, deadline) == std::cv_status::timeout;
    }
}

/// When the last one has left, its part of the transcript is complete.
void TestServer::Impl::wait_for_clients(std::size_t number, Deadline deadline) const {
    const Lock lock(mutex_);
    for (bool over = false;;) {
        if (ready() == number && (number > 0 || clients_.empty())) return;
        if (over && ready() == number) fail("a client that was disconnected is still there");
        if (over) {
            fail("there are " + std::to_string(ready()) + " clients instead of " +
                 std::to_string(number));
        }
        over = changed_.wait_until(mutex_, deadline) == std::cv_status::timeout;
    }
}

TestServer::Impl::Sessions TestServer::Impl::wait_for_sessions(Deadline deadline) const {
    const Lock lock(mutex_);
    for (bool over = false;;) {
        Sessions found;
        for (const auto& [number, client] : clients_) {
            if (!client.disconnected && client.session->ready()) found.push_back(client.session);
        }
        if (!found.empty()) return found;
        if (over) fail("no client is connected");
        over = changed_.wait_until(mutex_, deadline) == std::cv_status::timeout;
    }
}

/// They count as gone at once: what is sent next is for those that come. Ending a connection is
/// seen, for which mutex_ is needed.
void TestServer::Impl::disconnect(const Sessions& sessions) {
    {
        const Lock lock(mutex_);
        for (const auto& session : sessions) {
            const auto client = clients_.find(session->id());
            if (client != clients_.end()) client->second.disconnected = true;
        }
    }
    for (const auto& session : sessions) {
        if (options_.faults) {
            session->cut_off();  // a write that stalls would hold it up
        } else {
            session->disconnect();
        }
    }
}

void TestServer::Impl::stop() {
    Sessions sessions;
    {
        const Lock lock(mutex_);
        stopped_ = true;
        for (const auto& [number, client] : clients_) sessions.push_back(client.session);
    }
    disconnect(sessions);
    accepting_.stop();
}

void TestServer::Impl::fail(const std::string& what) const {
    std::string text = what + "; so far:\n" + transcript_.text();
    for (const std::string& problem : problems_) text += "problem: " + problem + '\n';
    throw Mismatch(text);
}

TestServer::TestServer(TestServerOptions options, Answer answer)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(answer))) {}

TestServer::TestServer(TestServerOptions options) : TestServer(std::move(options), no_answer()) {}

TestServer::~TestServer() = default;

std::uint16_t TestServer::port() const { return impl_->endpoint().port; }

std::string TestServer::endpoint() const { return to_string(impl_->endpoint()); }

void TestServer::answer(Answer answer) { impl_->set_answer(std::move(answer)); }

std::vector<json> TestServer::received() const {
    return impl_->transcript().messages(Direction::up);
}

json TestServer::wait_for_message(std::size_t number, std::chrono::milliseconds timeout) const {
    if (number == 0) throw UsageError("the first message has the number 1");
    return impl_->wait_for_message(number, deadline_after(timeout));
}

std::size_t TestServer::clients() const { return impl_->clients(); }

void TestServer::wait_for_clients(std::size_t number, std::chrono::milliseconds timeout) const {
    impl_->wait_for_clients(number, deadline_after(timeout));
}

void TestServer::broadcast(const json& message, std::chrono::milliseconds timeout) {
    for (const auto& session : impl_->wait_for_sessions(deadline_after(timeout)))
        session->send_obj(message);
}

void TestServer::disconnect_clients(std::chrono::milliseconds timeout) {
    impl_->disconnect(impl_->wait_for_sessions(deadline_after(timeout)));
}

Transcript TestServer::transcript() const { return impl_->transcript(); }

std::vector<std::string> TestServer::problems() const { return impl_->problems(); }

void TestServer::stop() { impl_->stop(); }

}  // namespace jsocket::testing
