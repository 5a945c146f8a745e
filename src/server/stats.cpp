// SPDX-License-Identifier: Apache-2.0
#include "core/make_object.hpp"

#include <jsocket/server/stats.hpp>

namespace jsocket {
namespace {

constexpr std::array<std::string_view, failure_count> failure_names{
    "timeout",      "bad_write",    "bad_crc",     "bad_header", "oversize",
    "invalid_utf8", "invalid_json", "handler",     "framing",    "closed_mid_message",
    "reset",        "too_deep",     "too_complex", "tls",        "memory"};

double average(std::uint64_t bytes, std::uint64_t messages) {
    return messages == 0 ? 0.0 : static_cast<double>(bytes) / static_cast<double>(messages);
}

json time_stamp(const std::optional<double>& time) { return time ? json(*time) : json(); }

}  // namespace

std::string_view to_string(Failure failure) {
    return failure_names[static_cast<std::size_t>(failure)];
}

double ClientStats::avg_payload_in() const { return average(bytes_in, messages_in); }

double ClientStats::avg_payload_out() const { return average(bytes_out, messages_out); }

void to_json(json& out, const ClientStats& stats) {
    json failures = json::object();
    for (std::size_t i = 0; i < failure_count; ++i) {
        failures[std::string(failure_names[i])] = stats.failures[i];
    }
    // A constructor of json calls this: what it has when that fails, nobody destroys.
    Tree entry{json::object()};
    set_members(entry.value, "client_id", stats.client_id, "connected", stats.connected);
    set_members(entry.value, "connects", stats.connects, "disconnects", stats.disconnects);
    set_members(entry.value, "messages_in", stats.messages_in, "messages_out", stats.messages_out);
    set_members(entry.value, "bytes_in", stats.bytes_in, "bytes_out", stats.bytes_out);
    set_members(entry.value, "avg_payload_in", stats.avg_payload_in());
    set_members(entry.value, "avg_payload_out", stats.avg_payload_out());
    set_members(entry.value, "connected_duration", stats.connected_duration);
    set_members(entry.value, "total_connected_duration", stats.total_connected_duration);
    set_members(entry.value, "last_connect_ts", time_stamp(stats.last_connect_ts));
    set_members(entry.value, "last_disconnect_ts", time_stamp(stats.last_disconnect_ts));
    set_members(entry.value, "last_message_ts", time_stamp(stats.last_message_ts));
    set_members(entry.value, "failures", std::move(failures));
    out = std::move(entry.value);
}

void to_json(json& out, const ServerStats& stats) {
    json clients = json::object();
    for (const auto& [name, client] : stats.clients) clients[name] = client;
    out = make_object("connected_clients", stats.connected_clients, "refused_connections",
                      stats.refused_connections, "clients", std::move(clients));
}

}  // namespace jsocket
