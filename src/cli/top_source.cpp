// SPDX-License-Identifier: Apache-2.0
#include "cli/top_source.hpp"

#include "cli/human_numbers.hpp"
#include "cli/watchdog.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <limits>
#include <poll.h>
#include <utility>

namespace jsocket::cli {
namespace {

using Clock = std::chrono::steady_clock;

// For an answer, once something else has come, which may have been sent to all clients.
constexpr std::chrono::seconds foreign_timeout(1);

// More clients than any terminal has lines.
constexpr int most_clients = 200;

constexpr const char* hint =
    "; a server answers rpc.stats if it is run with --answer-stats, or ServerOptions::answer_stats";

/// The server does not answer rpc.stats, and is not going to.
class NotAnswered : public Error {
  public:
    NotAnswered(const ClientOptions& options, const std::string& what)
        : Error(to_string(Endpoint{options.address, options.port}) + what) {}
};

json request_for(TopOrder order) {
    return {{"jsonrpc", "2.0"},
            {"id", "jsocket top"},
            {"method", "rpc.stats"},
            {"params", {{"top", most_clients}, {"by", to_string(order)}}},
            {"client", "jsocket top"}};
}

bool is_answer(const json& message, const json& request) {
    return message.is_object() && message.contains("id") && message["id"] == request["id"];
}

/// The answer; or, if there is none by the deadline, the last message that came instead. Empty if
/// none came.
std::optional<json> answer_by(Deadline deadline, const json& request, JsonClient& client) {
    std::optional<json> foreign;
    // Looked at before each message, since a server may send without end.
    while (Clock::now() < deadline) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        auto message = client.try_read_obj(std::max(left, std::chrono::milliseconds::zero()));
        if (!message) break;
        if (is_answer(*message, request)) return message;
        foreign = std::move(message);
        deadline = std::min(deadline, deadline_after(foreign_timeout));
    }
    return foreign;
}

/// The next message that is not for somebody else. Throws TimeoutError if none has come whole
/// within the time-out.
json answer_to(const json& request, JsonClient& client) {
    const std::chrono::milliseconds timeout = client.options().recv_timeout;
    const Deadline deadline = deadline_after(timeout);
    const Watchdog watchdog(client, deadline);
    try {
        client.send_obj(request);
        if (auto answer = answer_by(deadline, request, client)) return std::move(*answer);
    } catch (const ConnectionError&) {
        if (!watchdog.expired()) throw;
    }
    throw TimeoutError("no answer within " + human_duration(timeout));
}

json ask(JsonClient& client, TopOrder order) {
    const json request = request_for(order);
    json answer = answer_to(request, client);
    if (is_answer(answer, request) && answer.contains("result")) return answer["result"];
    std::string what = " answers rpc.stats with something else";
    if (is_answer(answer, request) && answer.contains("method")) {
        what = " sends rpc.stats back";
    } else if (is_answer(answer, request) && answer.contains("error")) {
        std::string text;
        serialize(answer["error"], text);
        what = " answers rpc.stats with the error " + printable(text, 200);
    }
    throw NotAnswered(client.options(), what + hint);
}

ClientOptions patient(ClientOptions options) {
    options.retry = {.attempts = std::numeric_limits<int>::max(), .deadline = no_timeout};
    return options;
}

}  // namespace

TopSource::TopSource(const ClientOptions& options, std::chrono::milliseconds interval)
    : options_(patient(options)),
      interval_(interval),
      client_(std::make_shared<JsonClient>(options)) {}

TopSource::~TopSource() {
    stop_.raise();
    // reconnect() puts no other in its place any more.
    client()->close();
    if (thread_.joinable()) thread_.join();
}

json TopSource::ask() {
    const auto client = this->client();
    client->connect();
    try {
        return cli::ask(*client, order_);
    } catch (const TimeoutError& error) {
        throw NotAnswered(options_, std::string(": ") + error.what() + hint);
    } catch (const ConnectionError&) {
        throw NotAnswered(options_, std::string(" disconnects whoever sends rpc.stats") + hint);
    }
}

void TopSource::start() {
    thread_ = std::thread([this] { run(); });
}

std::optional<TopSource::News> TopSource::news() {
    const Lock lock(mutex_);
    wake_.lower();
    return std::exchange(news_, std::nullopt);
}

void TopSource::run() {
    bool first = true;
    while (!stop_.raised()) {
        try {
            ask_until_failure(first);
        } catch (const NotAnswered&) {
            return tell({.end = std::current_exception()});
        } catch (const Error& error) {
            tell({.problem = error.what()});
            first = true;
            client()->close();
        } catch (const std::exception&) {
            return tell({.end = std::current_exception()});
        }
        // Some failures are not worth trying again at once: a certificate that is not accepted.
        if (first && pause_until(Clock::now() + std::chrono::seconds(1))) return;
    }
}

/// Returns when it is to stop; else throws.
void TopSource::ask_until_failure(bool& first) {
    auto client = this->client();
    if (!client->connected()) client = reconnect();
    for (auto next = Clock::now();;) {
        News news{.snapshot = to_snapshot(cli::ask(*client, order_)), .first = first};
        first = false;
        tell(std::move(news));
        next = std::max(next + interval_, Clock::now());
        if (pause_until(next)) return;
    }
}

std::shared_ptr<JsonClient> TopSource::reconnect() {
    auto client = std::make_shared<JsonClient>(options_);
    {
        const Lock lock(mutex_);
        if (stop_.raised()) throw ConnectionClosed("stopped", false);
        client_ = client;
    }
    client->connect();
    return client;
}

std::shared_ptr<JsonClient> TopSource::client() const {
    const Lock lock(mutex_);
    return client_;
}

/// A snapshot that nobody has looked at yet is replaced, but not forgotten that it was the first.
void TopSource::tell(News news) {
    const Lock lock(mutex_);
    if (news_) news.first = news.first || news_->first;
    news_ = std::move(news);
    wake_.raise();
}

/// True if it is to stop before that.
bool TopSource::pause_until(Clock::time_point time) const {
    pollfd stop{stop_.fd(), POLLIN, 0};
    while (!stop_.raised() && Clock::now() < time) ::poll(&stop, 1, poll_timeout(time));
    return stop_.raised();
}

}  // namespace jsocket::cli
