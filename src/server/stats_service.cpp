// SPDX-License-Identifier: Apache-2.0
#include "server/stats_service.hpp"

#include "core/discard.hpp"
#include "core/histogram_json.hpp"
#include "core/make_object.hpp"
#include "core/utf8.hpp"
#include "server/counters.hpp"

#include <jsocket/error.hpp>
#include <jsocket/version.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace jsocket {
namespace {

constexpr std::string_view method = "rpc.stats";

// No request is longer, so no other message costs more than a look at so many bytes.
constexpr std::size_t longest_request = 1024;

constexpr std::size_t default_top = 50;
constexpr std::size_t largest_top = 1000;

// How old figures may be, if there are more clients than these.
constexpr std::chrono::milliseconds stats_age(100);
constexpr std::size_t most_always_new = 100;

// As JSON-RPC 2.0 numbers them.
constexpr int invalid_params = -32602;
constexpr int internal_error = -32603;

using Measure = std::uint64_t (*)(const ClientStats&);

std::uint64_t messages(const ClientStats& client) {
    return client.messages_in + client.messages_out;
}

std::uint64_t bytes(const ClientStats& client) { return client.bytes_in + client.bytes_out; }

std::uint64_t failures(const ClientStats& client) {
    return std::accumulate(client.failures.begin(), client.failures.end(), std::uint64_t{0});
}

/// By their names alone.
std::uint64_t none(const ClientStats&) { return 0; }

struct Order {
    std::string_view name;
    Measure measure;
    bool gone_last;  // who has failed is gone, mostly
};
constexpr Order orders[] = {{"messages", messages, true},
                            {"bytes", bytes, true},
                            {"failures", failures, false},
                            {"name", none, true}};

/// Which clients a request wants, and how many of them.
struct Selection {
    std::size_t top = default_top;
    std::size_t order = 0;
};

/// Throws UsageError.
Selection selection(const json& request) {
    Selection chosen;
    const auto params = request.find("params");
    if (params == request.end()) return chosen;
    if (!params->is_object()) throw UsageError("params has to be an object");
    for (const auto& [name, value] : params->items()) {
        if (name == "top") {
            const auto* top = value.get_ptr<const json::number_unsigned_t*>();
            if (!top || *top > largest_top) {
                throw UsageError("top has to be a whole number from 0 to " +
                                 std::to_string(largest_top));
            }
            chosen.top = *top;
        } else if (name == "by") {
            const auto* const order = std::find_if(
                std::begin(orders), std::end(orders),
                [&by = value](const auto& candidate) { return is_text(by, candidate.name); });
            if (order == std::end(orders)) {
                throw UsageError("by has to be messages, bytes, failures or name");
            }
            chosen.order = std::size_t(order - std::begin(orders));
        } else {
            throw UsageError("params may have the members top and by");
        }
    }
    return chosen;
}

using Clients = std::vector<const ClientStats*>;

/// As many as anybody may ask for, the first one first. Those that are connected mostly come before
/// those that are not.
Clients first_clients(const ServerStats& stats, const Order& order) {
    Clients clients;
    clients.reserve(stats.clients.size());
    for (const auto& [name, client] : stats.clients) clients.push_back(&client);
    const auto before = [&order](const ClientStats* left, const ClientStats* right) {
        if (order.gone_last && left->connected != right->connected) return left->connected;
        const std::uint64_t ours = order.measure(*left);
        const std::uint64_t theirs = order.measure(*right);
        return ours != theirs ? ours > theirs : left->client_id < right->client_id;
    };
    const std::size_t count = std::min(largest_top, clients.size());
    std::partial_sort(clients.begin(), clients.begin() + std::ptrdiff_t(count), clients.end(),
                      before);
    clients.resize(count);
    return clients;
}

/// Hooks may name a client anything, and paths are bytes; JSON is UTF-8.
std::string as_utf8(std::string text) {
    while (const auto position = find_invalid_utf8(text)) {
        text.replace(*position, 1, "\xEF\xBF\xBD");  // U+FFFD, the replacement character
    }
    return text;
}

json client_entries(const Clients& clients, std::size_t count) {
    Tree entries{json::object()};
    for (std::size_t i = 0; i < count; ++i) {
        std::string name = as_utf8(clients[i]->client_id);
        json entry = *clients[i];
        entry["client_id"] = name;
        entries.value[std::move(name)] = std::move(entry);
    }
    return std::move(entries.value);
}

void write_error(const json& id, int code, const char* reason, const Limits& limits,
                 std::string& reply) {
    const Tree error{make_object("jsonrpc", "2.0", "id", id, "error",
                                 make_object("code", code, "message", reason))};
    serialize(error.value, reply, limits);
}

}  // namespace

/// What the answers of a moment have in common.
struct StatsService::Snapshot {
    Clock::time_point time;
    double unix_time;
    HistogramSnapshot latency;
    ServerStats stats;
    std::array<std::optional<Clients>, std::size(orders)>
        clients{};  // in each order once asked for

    /// Is it still good enough? Those of few connections and clients cost less than an answer, and
    /// are not.
    bool serves(Clock::time_point now) const {
        const std::uint64_t open = stats.totals.connects - stats.totals.disconnects;
        return now < time + stats_age &&
               std::max<std::uint64_t>(open, stats.clients.size()) > most_always_new;
    }
};

StatsService::StatsService(std::string endpoint, std::function<ServerStats()> stats,
                           const Limits& limits)
    : endpoint_(as_utf8(std::move(endpoint))), stats_(std::move(stats)), limits_(limits) {}

StatsService::~StatsService() = default;

bool StatsService::may_be_request(std::string_view payload) {
    // Unlike find() of a string it takes no longer for text that nearly matches everywhere.
    return payload.size() <= longest_request &&
           ::memmem(payload.data(), payload.size(), method.data(), method.size()) != nullptr;
}

bool StatsService::is_request(const json& message) {
    if (!message.is_object()) return false;
    const auto is = [&](const char* name, std::string_view value) {
        const auto member = message.find(name);
        return member != message.end() && is_text(*member, value);
    };
    const auto id = message.find("id");
    return is("jsonrpc", "2.0") && is("method", method) && id != message.end() &&
           (id->is_string() || id->is_number() || id->is_null());
}

void StatsService::answer(const json& request, const std::function<void(json&)>& add,
                          std::string& reply) {
    const json& id = request.at("id");
    Selection chosen;
    try {
        chosen = selection(request);
    } catch (const UsageError& error) {
        return write_error(id, invalid_params, error.what(), limits_, reply);
    }
    const std::shared_ptr<const Snapshot> snapshot = current(chosen.order);
    const Clients& clients = *snapshot->clients[chosen.order];
    const std::size_t most = std::min(chosen.top, clients.size());
    Tree response{make_object("jsonrpc", "2.0", "id", id, "result", result(*snapshot))};
    json& result = response.value["result"];
    json& entries = result["stats"]["clients"];
    entries = client_entries(clients, most);
    add(result);
    for (std::size_t count = most;; count /= 2) {
        try {
            return serialize(response.value, reply, limits_);
        } catch (const UsageError&) {
            if (count == 0) break;
        }
        discard(entries);
        entries = client_entries(clients, count / 2);
    }
    write_error(id, internal_error, "the statistics are beyond the server's limits", limits_,
                reply);
}

/// With the clients in that order. Security: what goes over all clients, and holds up those that
/// come and go, is done ten times a second at most, however many ask.
std::shared_ptr<const StatsService::Snapshot> StatsService::current(std::size_t order) {
    const Lock lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (!latest_ || !latest_->serves(now)) {
        latest_.reset();  // two would take twice the memory
        latest_ =
            std::make_shared<Snapshot>(Snapshot{now, unix_time(), latency_.snapshot(), stats_()});
    }
    auto& clients = latest_->clients[order];
    if (!clients) clients = first_clients(latest_->stats, orders[order]);
    return latest_;
}

json StatsService::result(const Snapshot& snapshot) const {
    const ServerStats& stats = snapshot.stats;
    const std::chrono::duration<double> uptime = snapshot.time - start_;
    json totals = stats.totals;
    totals.erase("client_id");
    json clients = make_object("connected_clients", stats.connected_clients, "refused_connections",
                               stats.refused_connections, "known_clients", stats.clients.size(),
                               "totals", std::move(totals), "clients", json::object());
    return make_object("version", JSOCKET_VERSION, "endpoint", endpoint_, "uptime", uptime.count(),
                       "time", snapshot.unix_time, "stats", std::move(clients), "latency",
                       with_buckets(snapshot.latency));
}

}  // namespace jsocket
