// SPDX-License-Identifier: Apache-2.0
#include "server/stats_book.hpp"

#include <algorithm>
#include <utility>

namespace jsocket {

void merge(ClientStats& into, const ClientStats& from) {
    into.client_id = from.client_id;
    into.connected = into.connected || from.connected;
    into.connects += from.connects;
    into.disconnects += from.disconnects;
    into.messages_in += from.messages_in;
    into.messages_out += from.messages_out;
    into.bytes_in += from.bytes_in;
    into.bytes_out += from.bytes_out;
    into.connected_duration = std::max(into.connected_duration, from.connected_duration);
    into.total_connected_duration += from.total_connected_duration;
    // An empty optional is less than any time.
    into.last_connect_ts = std::max(into.last_connect_ts, from.last_connect_ts);
    into.last_disconnect_ts = std::max(into.last_disconnect_ts, from.last_disconnect_ts);
    into.last_message_ts = std::max(into.last_message_ts, from.last_message_ts);
    for (std::size_t i = 0; i < failure_count; ++i) into.failures[i] += from.failures[i];
}

void StatsBook::add(const ClientStats& connection) {
    if (max_entries_ == 0) return forget(ClientStats(connection));
    auto entry = entries_.find(connection.client_id);
    if (entry == entries_.end()) {
        std::list<std::string> name{connection.client_id};
        entry = entries_.emplace(connection.client_id, Entry{.stats = {}, .position = name.begin()})
                    .first;
        names_.splice(names_.end(), name);  // needs no memory, so both have the client or neither
    } else {
        names_.splice(names_.end(), names_, entry->second.position);
    }
    merge(entry->second.stats, connection);
    if (entries_.size() > max_entries_ && !names_.empty()) {
        forget(std::move(entries_.extract(names_.front()).mapped().stats));
        names_.pop_front();
    }
}

/// Needs no memory, since there is no name.
void StatsBook::forget(ClientStats&& client) {
    client.client_id.clear();
    merge(forgotten_, client);
}

std::map<std::string, ClientStats> StatsBook::entries() const {
    std::map<std::string, ClientStats> result;
    for (const auto& [name, entry] : entries_) result.emplace_hint(result.end(), name, entry.stats);
    return result;
}

}  // namespace jsocket
