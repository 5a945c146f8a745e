// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace {

using namespace test_support;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerFactoryThread;
using jsocket::ServerOptions;
using jsocket::SessionId;

/// Counts for its own client, from where it was told, and for all clients together.
class Counter : public ServerFactoryThread {
  public:
    Counter(int first, std::string name, std::atomic<int>& total)
        : next_(first), name_(std::move(name)), total_(total) {}

  private:
    std::optional<json> process_message(json&) override {
        name_ += "!";
        return json{next_++, name_, ++total_};
    }

    int next_;
    std::string name_;
    std::atomic<int>& total_;
};

TEST(ServerFactory, ConstructsEachWorkerFromCopiesAndReferences) {
    std::atomic<int> total{0};
    std::string name = "counter";
    Running<ServerFactory<Counter>> server(ServerOptions{}, 100, name, std::ref(total));
    name = "changed later";
    JsonClient first = connected_client(server.port());
    JsonClient second = connected_client(server.port());
    EXPECT_EQ(first.request(0), json({100, "counter!", 1}));
    EXPECT_EQ(first.request(0), json({101, "counter!!", 2}));
    EXPECT_EQ(second.request(0), json({100, "counter!", 3}));
    EXPECT_EQ(total, 3);
}

/// Cannot be made for the second client.
class Choosy : public ServerFactoryThread {
  public:
    explicit Choosy(std::atomic<int>& made) {
        if (++made == 2) throw std::runtime_error("not you");
        if (made == 3) throw 3;
    }

  private:
    std::optional<json> process_message(json& message) override { return message; }
};

TEST(ServerFactory, AWorkersConstructorThatThrowsCostsOnlyItsClient) {
    std::atomic<int> made{0};
    Running<ServerFactory<Choosy>> server(ServerOptions{}, std::ref(made));
    JsonClient first = connected_client(server.port());
    EXPECT_EQ(first.request(1), 1);
    EXPECT_TRUE(RawPeer::connect(server.port()).closed_by_peer());
    EXPECT_TRUE(RawPeer::connect(server.port()).closed_by_peer());
    JsonClient fourth = connected_client(server.port());
    EXPECT_EQ(fourth.request(4), 4);
    EXPECT_EQ(first.request(1), 1);
    EXPECT_EQ(server.active(), 2u);
}

/// Notes on which threads it lives, and whether it is destroyed while one of its hooks runs.
class Observed : public ServerFactoryThread {
  public:
    struct Notes {
        std::atomic<int> alive{0};
        std::atomic<int> destroyed_in_use{0};
        std::atomic<int> wrong_thread{0};
        Gate entered;
        Gate leave;
    };

    explicit Observed(Notes& notes) : notes_(notes) { ++notes_.alive; }
    ~Observed() override {
        check_thread();
        if (in_use_) ++notes_.destroyed_in_use;
        --notes_.alive;
    }

  private:
    std::optional<json> process_message(json& message) override {
        check_thread();
        in_use_ = true;
        notes_.entered.open();
        notes_.leave.wait();
        in_use_ = false;
        return message;
    }
    void on_connect() override { check_thread(); }
    void on_disconnect() override {
        in_use_ = true;
        check_thread();
        in_use_ = false;
    }
    void check_thread() {
        if (std::this_thread::get_id() != thread_) ++notes_.wrong_thread;
    }

    Notes& notes_;
    const std::thread::id thread_ = std::this_thread::get_id();
    std::atomic<bool> in_use_{false};
};

TEST(ServerFactory, DestroysAWorkerOnlyAfterItsThreadHasLeftIt) {
    Observed::Notes notes;
    auto server =
        std::make_unique<Running<ServerFactory<Observed>>>(ServerOptions{}, std::ref(notes));
    RawPeer leaving = RawPeer::connect(server->port());
    leaving.send(prefix_frame("1"));
    notes.entered.wait();
    leaving.reset();
    server->stop_all();
    server->stop();
    EXPECT_EQ(notes.alive, 1) << "the hook still runs";
    notes.leave.open();
    server.reset();
    EXPECT_EQ(notes.alive, 0);
    EXPECT_EQ(notes.destroyed_in_use, 0);
    EXPECT_EQ(notes.wrong_thread, 0);
}

TEST(ServerFactory, DestroysAWorkerWhenItsClientHasLeft) {
    Observed::Notes notes;
    notes.leave.open();
    Running<ServerFactory<Observed>> server(ServerOptions{}, std::ref(notes));
    JsonClient client = connected_client(server.port());
    EXPECT_EQ(client.request(1), 1);
    EXPECT_EQ(notes.alive, 1);
    client.close();
    EXPECT_TRUE(wait_until([&] { return notes.alive == 0; })) << "while the server goes on";
    EXPECT_EQ(notes.wrong_thread, 0);
}

TEST(ServerFactory, ListsItsSessionsOldestFirst) {
    Running<ServerFactory<ScriptedWorker>> server;
    EXPECT_EQ(server.active(), 0u);
    EXPECT_TRUE(server.sessions().empty());
    std::vector<JsonClient> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(connected_client(server.port()));
        EXPECT_EQ(clients.back().request(i), i);
    }
    const std::vector<SessionId> sessions = server.sessions();
    EXPECT_EQ(server.active(), 5u);
    EXPECT_EQ(sessions.size(), 5u);
    EXPECT_TRUE(std::is_sorted(sessions.begin(), sessions.end()));

    clients.erase(clients.begin() + 1);
    EXPECT_TRUE(wait_until([&] { return server.active() == 4; }));
    const std::vector<SessionId> left = {sessions[0], sessions[2], sessions[3], sessions[4]};
    EXPECT_EQ(server.sessions(), left);
}

TEST(ServerFactory, NeverUsesASessionIdAgain) {
    Hooks<ScriptedWorker> hooks;
    hooks.message = [](ScriptedWorker& worker, json&) { return worker.session_id(); };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{}, hooks);
    std::set<SessionId> seen;
    for (int i = 0; i < 100; ++i) {
        const SessionId id = connected_client(server.port()).request(1);
        EXPECT_TRUE(seen.insert(id).second) << "session id " << id;
    }
}

TEST(ServerFactory, ServesClientsAtTheSameTime) {
    Gate leave;
    Gate entered;
    Hooks<ScriptedWorker> hooks;
    hooks.message = [&](auto&, json& message) -> std::optional<json> {
        if (message == "slow") {
            entered.open();
            leave.wait();
        }
        return message;
    };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{}, hooks);
    JsonClient slow = connected_client(server.port());
    JsonClient fast = connected_client(server.port());
    slow.send_obj("slow");
    entered.wait();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(fast.request(i), i);
    leave.open();
    EXPECT_EQ(slow.read_obj(), "slow");
}

TEST(ServerFactory, StopAllDisconnectsEveryClientAndGoesOnAccepting) {
    Running<ServerFactory<ScriptedWorker>> server;
    std::vector<RawPeer> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(RawPeer::connect(server.port()));
        clients.back().send(prefix_frame("1"));
        EXPECT_EQ(clients.back().receive_prefix_frame(), "1");
    }
    server.stop_all();
    for (RawPeer& client : clients) EXPECT_TRUE(client.closed_by_peer());
    EXPECT_TRUE(wait_until([&] { return server.active() == 0; }));
    EXPECT_TRUE(server.running());
    EXPECT_EQ(connected_client(server.port()).request(1), 1);
}

TEST(ServerFactory, DisconnectsOneClientByItsSessionId) {
    Running<ServerFactory<ScriptedWorker>> server;
    JsonClient first = connected_client(server.port());
    EXPECT_EQ(first.request(1), 1);
    const SessionId id = server.sessions().at(0);
    JsonClient second = connected_client(server.port());
    EXPECT_EQ(second.request(2), 2);

    server.disconnect(id);
    EXPECT_THROW(first.read_obj(), jsocket::ConnectionClosed);
    EXPECT_EQ(second.request(2), 2);
    EXPECT_TRUE(wait_until([&] { return server.active() == 1; }));
    server.disconnect(id);
    server.disconnect(id + 1000);
    EXPECT_EQ(second.request(3), 3);
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

/// Uses as much stack as the deepest message that is let in needs in nlohmann's recursions.
TEST(ServerFactory, GivesHooksStackForTheDeepestMessages) {
    Hooks<ScriptedWorker> hooks;
    hooks.message = [](auto&, json& message) -> std::optional<json> {
        const json copy = message;
        return json{{"same", copy == message}, {"text", copy.dump()}};
    };
    const jsocket::Limits limits{.max_depth = 128};
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.limits = limits}, hooks);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame(nested(128)));
    EXPECT_EQ(json::parse(client.receive_prefix_frame()).at("text"), nested(128));
}

}  // namespace
