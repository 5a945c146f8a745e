// SPDX-License-Identifier: Apache-2.0
#include "cli/top_model.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace jsocket::cli {
namespace {

[[noreturn]] void refuse(const std::string& what) {
    throw ProtocolError("the answer to rpc.stats is not as expected: " + what);
}

const json& member(const json& object, const std::string& name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (!object.is_object() || found == object.end()) refuse("it has no member " + name);
    return *found;
}

std::uint64_t count(const json& value, const std::string& name) {
    const auto* number = value.get_ptr<const json::number_unsigned_t*>();
    if (!number) refuse(name + " is no count");
    return *number;
}

std::uint64_t count_member(const json& object, const std::string& name) {
    return count(member(object, name), name);
}

double number_member(const json& object, const std::string& name) {
    const json& value = member(object, name);
    if (!value.is_number()) refuse(name + " is no number");
    return value.get<double>();
}

std::string text_member(const json& object, const std::string& name) {
    const json& value = member(object, name);
    if (!value.is_string()) refuse(name + " is no text");
    return value.get<std::string>();
}

std::optional<double> time_member(const json& object, const std::string& name) {
    if (member(object, name).is_null()) return std::nullopt;
    return number_member(object, name);
}

ClientStats to_client(const json& entry) {
    ClientStats client;
    const json& connected = member(entry, "connected");
    client.connected = connected.is_boolean() && connected.get<bool>();
    client.connects = count_member(entry, "connects");
    client.messages_in = count_member(entry, "messages_in");
    client.messages_out = count_member(entry, "messages_out");
    client.bytes_in = count_member(entry, "bytes_in");
    client.bytes_out = count_member(entry, "bytes_out");
    client.connected_duration = number_member(entry, "connected_duration");
    client.last_connect_ts = time_member(entry, "last_connect_ts");
    const json& failures = member(entry, "failures");
    for (std::size_t i = 0; i < failure_count; ++i) {
        // A server of another version may know other kinds.
        const std::string name(jsocket::to_string(static_cast<Failure>(i)));
        if (failures.contains(name)) client.failures[i] = count_member(failures, name);
    }
    return client;
}

std::chrono::nanoseconds nanoseconds_of(std::uint64_t count) {
    constexpr auto most = std::uint64_t(std::chrono::nanoseconds::max().count());
    return std::chrono::nanoseconds(std::min(count, most));
}

HistogramSnapshot to_histogram(const json& entry) {
    HistogramSnapshot histogram;
    const json& buckets = member(entry, "buckets");
    if (!buckets.is_array()) refuse("buckets is no array");
    for (const json& bucket : buckets) {
        if (!bucket.is_array() || bucket.size() != 2) refuse("a bucket has not two members");
        histogram.buckets.push_back(
            {nanoseconds_of(count(bucket[0], "a bucket")), count(bucket[1], "a bucket")});
        histogram.count += histogram.buckets.back().count;
    }
    if (!histogram.buckets.empty()) {
        const double longest = std::max(0.0, number_member(entry, "max")) * 1e9;
        histogram.longest = histogram.buckets.back().upper;
        if (longest < static_cast<double>(histogram.longest.count())) {
            histogram.longest = std::chrono::nanoseconds(std::int64_t(longest));
        }
    }
    return histogram;
}

/// What a counter has gained; one that has lost started anew.
double gain(std::uint64_t before, std::uint64_t now, double seconds) {
    return now > before ? static_cast<double>(now - before) / seconds : 0;
}

Rates rates_between(const ClientStats& before, const ClientStats& now, double seconds) {
    Rates rates;
    rates.messages_in = gain(before.messages_in, now.messages_in, seconds);
    rates.messages_out = gain(before.messages_out, now.messages_out, seconds);
    rates.bytes_in = gain(before.bytes_in, now.bytes_in, seconds);
    rates.bytes_out = gain(before.bytes_out, now.bytes_out, seconds);
    for (std::size_t i = 0; i < failure_count; ++i) {
        rates.failures[i] = gain(before.failures[i], now.failures[i], seconds);
    }
    return rates;
}

}  // namespace

std::uint64_t all_failures(const ClientStats& client) {
    return std::accumulate(client.failures.begin(), client.failures.end(), std::uint64_t{0});
}

TopSnapshot to_snapshot(const json& result) {
    TopSnapshot snapshot;
    snapshot.version = text_member(result, "version");
    snapshot.endpoint = text_member(result, "endpoint");
    snapshot.uptime = number_member(result, "uptime");
    const json& stats = member(result, "stats");
    snapshot.connected = count_member(stats, "connected_clients");
    snapshot.refused = count_member(stats, "refused_connections");
    snapshot.known = count_member(stats, "known_clients");
    snapshot.totals = to_client(member(stats, "totals"));
    const json& clients = member(stats, "clients");
    if (!clients.is_object()) refuse("clients is no object");
    for (const auto& [name, entry] : clients.items()) {
        ClientStats client = to_client(entry);
        client.client_id = name;
        snapshot.clients.emplace(name, std::move(client));
    }
    snapshot.latency = to_histogram(member(result, "latency"));
    return snapshot;
}

std::string_view to_string(TopOrder order) {
    switch (order) {
        case TopOrder::messages:
            return "messages";
        case TopOrder::bytes:
            return "bytes";
        case TopOrder::failures:
            return "failures";
        case TopOrder::name:
            break;
    }
    return "name";
}

double Rates::all_failures() const {
    return std::accumulate(failures.begin(), failures.end(), 0.0);
}

TopView compare(const std::optional<TopSnapshot>& before, TopSnapshot now) {
    TopView view;
    view.since_start = !before || now.uptime <= before->uptime;
    const TopSnapshot none;
    const TopSnapshot& first = view.since_start ? none : *before;
    const double seconds = std::max(now.uptime - first.uptime, 0.001);
    view.rates = rates_between(first.totals, now.totals, seconds);
    view.latency = now.latency.since(first.latency);
    // A name may be new here because its connection had another one, or did too little before.
    const bool all_known = view.since_start || first.known == first.clients.size();
    for (const auto& [name, client] : now.clients) {
        const auto known = first.clients.find(name);
        TopRow row{client, {}};
        if (known != first.clients.end()) {
            row.rates = rates_between(known->second, client, seconds);
        } else if (all_known && (view.since_start || client.connected_duration <= seconds)) {
            row.rates = rates_between({}, client, seconds);
        }
        view.rows.push_back(std::move(row));
    }
    view.now = std::move(now);
    return view;
}

void sort(std::vector<TopRow>& rows, TopOrder order) {
    const auto key = [order](const TopRow& row) {
        const ClientStats& client = row.client;
        double rate = 0;
        std::uint64_t total = 0;
        if (order == TopOrder::messages) {
            rate = row.rates.messages();
            total = client.messages_in + client.messages_out;
        } else if (order == TopOrder::bytes) {
            rate = row.rates.bytes();
            total = client.bytes_in + client.bytes_out;
        } else if (order == TopOrder::failures) {
            rate = row.rates.all_failures();
            total = all_failures(client);
        }
        const bool last =
            order != TopOrder::name && order != TopOrder::failures && !client.connected;
        return std::make_tuple(-rate, last, ~total, std::string_view(client.client_id));
    };
    std::sort(rows.begin(), rows.end(),
              [&](const TopRow& left, const TopRow& right) { return key(left) < key(right); });
}

}  // namespace jsocket::cli
