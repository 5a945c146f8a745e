// SPDX-License-Identifier: Apache-2.0
// What a server counts. It counts on its own threads, so the steps wait for what must come.
#include "expect.hpp"
#include "steps.hpp"
#include "world.hpp"

namespace {

using jsocket::json;

/// The number of failures of each kind, of all clients together, without those that are zero.
json failures(const jsocket::ServerStats& stats) {
    json counted = json::object();
    for (const auto& [name, client] : stats.clients) {
        for (std::size_t kind = 0; kind < jsocket::failure_count; ++kind) {
            if (client.failures[kind] > 0) {
                const std::string key(jsocket::to_string(jsocket::Failure(kind)));
                counted[key] = counted.value(key, std::uint64_t(0)) + client.failures[kind];
            }
        }
    }
    return counted;
}

/// Does the entry have what the table says? Other members may be what they like.
bool agrees(const json& entry, const Table& table) {
    for (const std::vector<std::string>& row : table) {
        if (entry.value(row.at(0), json()) != jsocket::parse(row.at(1))) {
            return false;
        }
    }
    return true;
}

/// Waits until the client's statistics are as in the table. An empty name is the only client's.
void expect_statistics(World& world, const std::string& name, const Table& table) {
    const auto entry = [&]() -> json {
        const json clients = json(world.server().client_stats()).at("clients");
        if (!name.empty()) {
            return clients.value(name, json::object());
        }
        return clients.size() == 1 ? *clients.begin() : json::object();
    };
    try {
        eventually([&] { return agrees(entry(), table); }, "");
    } catch (const StepFailed&) {
        expect(false, "the statistics are other ones: " + entry().dump(2));
    }
}

void expect_failures(World& world, const json& expected) {
    try {
        eventually([&] { return failures(world.server().client_stats()) == expected; }, "");
    } catch (const StepFailed&) {
        expect_equal(failures(world.server().client_stats()), expected, "failures counted");
    }
}

}  // namespace

void define_statistics_steps(Steps& steps) {
    steps.define("the statistics of the only client show",
                 [](World& world, Table table) { expect_statistics(world, "", table); });
    steps.define(
        "the statistics of {string} show",
        [](World& world, std::string name, Table table) { expect_statistics(world, name, table); });
    steps.define("the statistics show {int} connected client(s)", [](World& world, int count) {
        eventually(
            [&] { return world.server().client_stats().connected_clients == std::size_t(count); },
            "another number of clients");
    });
    steps.define("the statistics have entries for {int} clients", [](World& world, int count) {
        eventually(
            [&] { return world.server().client_stats().clients.size() == std::size_t(count); },
            "another number of entries");
    });
    steps.define("the only failure counted is {string}", [](World& world, std::string kind) {
        expect_failures(world, {{kind, 1}});
    });
    steps.define("no failure is counted",
                 [](World& world) { expect_failures(world, json::object()); });
    steps.define("the failures of {string} are all zero and named",
                 [](World& world, std::string name, Table table) {
                     json expected = json::object();
                     for (const std::vector<std::string>& row : table) {
                         expected[row.at(0)] = 0;
                     }
                     expect_statistics(world, name, {{"failures", expected.dump()}});
                 });
}
