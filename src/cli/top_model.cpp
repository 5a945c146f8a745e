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

// Rows that are kept; more than anybody looks at. Security: an answer may have any number.
constexpr std::size_t most_clients = 1'000;
constexpr std::size_t most_methods = 10'000;

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

rpc::MethodStats to_method(const json& entry) {
    rpc::MethodStats method;
    method.calls = count_member(entry, "calls");
    method.errors = count_member(entry, "errors");
    method.in_flight = count_member(entry, "in_flight");
    const json& latency = member(entry, "latency");
    if (!latency.is_object()) refuse("latency is no object");
    // A server of many methods leaves out the buckets of some.
    if (latency.contains("buckets")) method.latency = to_histogram(latency);
    return method;
}

/// Empty if there are none. What a server that is not of jsocket::rpc adds under this name is its
/// own affair.
std::optional<rpc::MethodStatsMap> to_methods(const json& result) {
    const auto found = result.find("methods");
    if (found == result.end() || !found->is_object()) return std::nullopt;
    rpc::MethodStatsMap methods;
    try {
        for (const auto& [name, entry] : found->items()) {
            if (methods.size() == most_methods) break;
            methods.emplace(name, to_method(entry));
        }
    } catch (const ProtocolError&) {
        return std::nullopt;
    }
    return methods;
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

MethodRow to_row(const std::string& name, const rpc::MethodStats& before,
                 const rpc::MethodStats& now, double seconds) {
    MethodRow row{.name = name,
                  .all_calls = now.calls,
                  .all_failures = now.errors,
                  .running = now.in_flight,
                  .calls = gain(before.calls, now.calls, seconds),
                  .failures = gain(before.errors, now.errors, seconds),
                  .latency = {}};
    const bool told = before.calls == 0 || !before.latency.buckets.empty();
    if (told) row.latency = now.latency.since(before.latency);
    return row;
}

/// A method that was not there before has not been called before.
void compare_methods(const rpc::MethodStatsMap& before, const rpc::MethodStatsMap& now,
                     double seconds, TopView& view) {
    MethodRow& all = view.all_methods;
    for (const auto& [name, method] : now) {
        const auto known = before.find(name);
        MethodRow row = to_row(name, known == before.end() ? rpc::MethodStats() : known->second,
                               method, seconds);
        all.all_calls += row.all_calls;
        all.all_failures += row.all_failures;
        all.running += row.running;
        all.calls += row.calls;
        all.failures += row.failures;
        view.methods.push_back(std::move(row));
    }
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
        if (snapshot.clients.size() == most_clients) break;
        ClientStats client = to_client(entry);
        client.client_id = name;
        snapshot.clients.emplace(name, std::move(client));
    }
    snapshot.latency = to_histogram(member(result, "latency"));
    snapshot.methods = to_methods(result);
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

std::string_view to_string(MethodOrder order) {
    switch (order) {
        case MethodOrder::calls:
            return "calls";
        case MethodOrder::latency:
            return "latency";
        case MethodOrder::failures:
            return "failures";
        case MethodOrder::name:
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
    if (now.methods) {
        const rpc::MethodStatsMap no_methods;
        compare_methods(first.methods ? *first.methods : no_methods, *now.methods, seconds, view);
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

void sort(std::vector<MethodRow>& rows, MethodOrder order) {
    const auto key = [order](const MethodRow& row) {
        constexpr std::uint64_t none = 0;
        const std::string_view name = row.name;
        switch (order) {
            case MethodOrder::calls:
                return std::make_tuple(-row.calls, ~row.running, ~row.all_calls, name);
            case MethodOrder::latency: {
                const auto slow = static_cast<double>(row.latency.quantile(0.99).count());
                return std::make_tuple(-slow, ~row.running, ~row.all_calls, name);
            }
            case MethodOrder::failures:
                return std::make_tuple(-row.failures, ~row.all_failures, none, name);
            case MethodOrder::name:
                break;
        }
        return std::make_tuple(0.0, none, none, name);
    };
    std::sort(rows.begin(), rows.end(), [&](const MethodRow& left, const MethodRow& right) {
        return key(left) < key(right);
    });
}

}  // namespace jsocket::cli
