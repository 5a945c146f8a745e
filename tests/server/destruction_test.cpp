// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerFactory;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Is told when its owner's members are destroyed.
struct Witness {
    explicit Witness(std::atomic<bool>& alive) : alive(alive) { alive = true; }
    ~Witness() { alive = false; }
    std::atomic<bool>& alive;
};

/// A server whose hooks use a member of the derived class.
class WithMember : public jsocket::ThreadedServer {
  public:
    WithMember(std::atomic<bool>& alive, std::atomic<int>& handled, std::atomic<int>& too_late)
        : ThreadedServer({.address = own_address()}),
          witness_(alive),
          handled_(handled),
          too_late_(too_late) {}

  private:
    std::optional<json> process_message(json& message) override { return look(message); }
    void on_connect() override { look(0); }
    void on_disconnect() override { look(0); }

    json look(const json& message) {
        ++handled_;
        if (!witness_.alive) ++too_late_;
        return message;
    }

    Witness witness_;
    std::atomic<int>& handled_;
    std::atomic<int>& too_late_;
};

/// Connects and sends as fast as it can until the server has gone, or for so many connections.
void hammer(std::uint16_t port, int connections = 100'000) {
    std::string batch;
    for (int i = 0; i < 50; ++i) batch += prefix_frame("[1]");
    try {
        for (int i = 0; i < connections; ++i) {
            RawPeer client = RawPeer::connect(Address::own(port));
            client.send(batch);
            client.finish_writing();
            client.receive_until_end();
        }
    } catch (const std::exception&) {
    }
}

TEST(Running, StopsBeforeTheMembersAreDestroyed) {
    for (int i = 0; i < 50; ++i) {
        std::atomic<bool> alive{false};
        std::atomic<int> handled{0};
        std::atomic<int> too_late{0};
        auto server = std::make_unique<Running<WithMember>>(alive, handled, too_late);
        std::thread client([port = server->port()] { hammer(port); });
        EXPECT_TRUE(wait_until([&] { return handled > 100; }));
        server.reset();
        client.join();
        EXPECT_EQ(too_late, 0);
    }
}

TEST(Running, ThrowsWhatTheConstructorThrowsAndLeavesNothingRunning) {
    const ScriptedServer first;
    EXPECT_THROW(Running<ScriptedServer>({.port = first.port()}), jsocket::ConnectError);
}

TEST(Running, MayBeStoppedAndJoinedByHandBefore) {
    Running<ScriptedServer> server;
    server.stop();
    server.join();
}

TEST(ServerFactory, StopsWhenDestroyedWhileRunning) {
    std::atomic<int> workers{0};
    Hooks<ScriptedWorker> hooks;
    hooks.connect = [&](auto&) { ++workers; };
    hooks.disconnect = [&](auto&) { --workers; };
    for (int i = 0; i < 20; ++i) {
        auto server = std::make_unique<ServerFactory<ScriptedWorker>>(
            jsocket::ServerOptions{.address = own_address()}, hooks);
        server->start();
        std::thread busy([port = server->port()] { hammer(port); });
        RawPeer idle = RawPeer::connect(Address::own(server->port()));
        EXPECT_TRUE(wait_until([&] { return workers > 0; }));
        server.reset();
        EXPECT_EQ(workers, 0) << "every hook has returned";
        EXPECT_TRUE(idle.closed_by_peer());
        busy.join();
    }
}

class Destroyed : public testing::Test {
  protected:
    void SetUp() override {
#if defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "destroying a server that runs is a data race, and reported as one";
#endif
        GTEST_FLAG_SET(death_test_style, "threadsafe");
    }

    const testing::Matcher<const std::string&> names_the_remedy =
        AllOf(HasSubstr("Running"), Not(HasSubstr("pure virtual")));
};
using DestroyedDeathTest = Destroyed;

TEST_F(DestroyedDeathTest, ARunningThreadedServerTerminatesAndNamesTheRemedy) {
    EXPECT_DEATH(
        {
            ScriptedServer server;
            server.start();
        },
        names_the_remedy);
}

TEST_F(DestroyedDeathTest, AThreadedServerWithAnIdleClientTerminatesAndNamesTheRemedy) {
    EXPECT_DEATH(
        {
            auto server = std::make_unique<ScriptedServer>();
            server->start();
            const jsocket::JsonClient client = connected_client(server->port());
            wait_until([&] { return server->connected(); });
            server.reset();
        },
        names_the_remedy);
}

TEST_F(DestroyedDeathTest, AStoppedButUnjoinedThreadedServerWithABusyHookTerminates) {
    EXPECT_DEATH(
        {
            Gate entered;
            Gate never;
            Hooks<ScriptedServer> hooks;
            hooks.message = [&](auto&, json&) -> std::optional<json> {
                entered.open();
                never.wait();
                return 1;
            };
            auto server = std::make_unique<ScriptedServer>(jsocket::ServerOptions{}, hooks);
            server->start();
            RawPeer client = RawPeer::connect(server->port());
            client.send(prefix_frame("1"));
            entered.wait();
            server->stop();
            server.reset();
        },
        names_the_remedy);
}

TEST_F(DestroyedDeathTest, AHammeredThreadedServerNeverCallsAPureVirtualFunction) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_DEATH(
            {
                std::atomic<bool> alive{false};
                std::atomic<int> handled{0};
                std::atomic<int> too_late{0};
                auto server = std::make_unique<WithMember>(alive, handled, too_late);
                server->start();
                std::thread client([port = server->port()] { hammer(port); });
                wait_until([&] { return handled > 200; });
                server.reset();
                client.join();
            },
            names_the_remedy);
    }
}

TEST(ThreadedServer, MayBeDestroyedWithoutHavingRun) {
    { const ScriptedServer never_started; }
    ScriptedServer joined;
    joined.start();
    joined.stop();
    joined.join();
}

}  // namespace
