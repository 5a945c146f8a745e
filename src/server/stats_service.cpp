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
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

namespace jsocket {
namespace {

constexpr std::string_view method = "rpc.stats";

// No request is longer, so no other message costs more than a look at so many bytes.
constexpr std::size_t longest_request = 1024;

constexpr std::size_t default_top = 50;
constexpr std::size_t largest_top = 1000;

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

constexpr std::pair<std::string_view, Measure> orders[] = {
    {"messages", messages}, {"bytes", bytes}, {"failures", failures}, {"name", none}};

/// Which clients a request wants, and how many of them.
struct Selection {
    std::size_t top = default_top;
    Measure by = messages;
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
            const auto* order = std::find_if(
                std::begin(orders), std::end(orders),
                [&by = value](const auto& candidate) { return is_text(by, candidate.first); });
            if (order == std::end(orders)) {
                throw UsageError("by has to be messages, bytes, failures or name");
            }
            chosen.by = order->second;
        } else {
            throw UsageError("params may have the members top and by");
        }
    }
    return chosen;
}

/// The chosen ones, the first one first. Who has failed is gone, mostly; else those that are
/// connected come before those that are not.
std::vector<const ClientStats*> chosen_clients(const ServerStats& stats, const Selection& chosen) {
    std::vector<const ClientStats*> clients;
    clients.reserve(stats.clients.size());
    for (const auto& [name, client] : stats.clients) clients.push_back(&client);
    const bool gone_last = chosen.by != failures;
    const auto before = [&](const ClientStats* left, const ClientStats* right) {
        if (gone_last && left->connected != right->connected) return left->connected;
        const std::uint64_t ours = chosen.by(*left);
        const std::uint64_t theirs = chosen.by(*right);
        return ours != theirs ? ours > theirs : left->client_id < right->client_id;
    };
    const std::size_t count = std::min(chosen.top, clients.size());
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

json client_entries(const std::vector<const ClientStats*>& clients, std::size_t count) {
    json entries = json::object();
    for (std::size_t i = 0; i < count; ++i) {
        std::string name = as_utf8(clients[i]->client_id);
        json entry = *clients[i];
        entry["client_id"] = name;
        entries[std::move(name)] = std::move(entry);
    }
    return entries;
}

void write_error(const json& id, int code, const char* reason, const Limits& limits,
                 std::string& reply) {
    const Tree error{make_object("jsonrpc", "2.0", "id", id, "error",
                                 make_object("code", code, "message", reason))};
    serialize(error.value, reply, limits);
}

}  // namespace

StatsService::StatsService(std::string endpoint, std::function<ServerStats()> stats,
                           const Limits& limits)
    : endpoint_(as_utf8(std::move(endpoint))), stats_(std::move(stats)), limits_(limits) {}

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
                          std::string& reply) const {
    const json& id = request.at("id");
    Selection chosen;
    try {
        chosen = selection(request);
    } catch (const UsageError& error) {
        return write_error(id, invalid_params, error.what(), limits_, reply);
    }
    const ServerStats stats = stats_();
    const std::vector<const ClientStats*> clients = chosen_clients(stats, chosen);
    Tree response{make_object("jsonrpc", "2.0", "id", id, "result", result(stats))};
    json& result = response.value["result"];
    json& entries = result["stats"]["clients"];
    entries = client_entries(clients, clients.size());
    add(result);
    for (std::size_t count = clients.size();; count /= 2) {
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

json StatsService::result(const ServerStats& stats) const {
    const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - start_;
    json totals = stats.totals;
    totals.erase("client_id");
    json clients = make_object("connected_clients", stats.connected_clients, "refused_connections",
                               stats.refused_connections, "known_clients", stats.clients.size(),
                               "totals", std::move(totals), "clients", json::object());
    return make_object("version", JSOCKET_VERSION, "endpoint", endpoint_, "uptime", uptime.count(),
                       "time", unix_time(), "stats", std::move(clients), "latency",
                       with_buckets(latency_.snapshot()));
}

}  // namespace jsocket
