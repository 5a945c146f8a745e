// SPDX-License-Identifier: Apache-2.0
#include "scenarios/rounds.hpp"
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>

namespace {

using namespace test_support;
using jsocket::Running;
using jsocket::ServerOptions;

// No time-out of the server ends a wait that stop() should have ended.
const ServerOptions patient{.address = own_address(),
                            .recv_timeout = jsocket::no_timeout,
                            .message_deadline = jsocket::no_timeout};

/// Connects, sends two messages and the beginning of a third, and unless it leaves by itself stays
/// until the server ends the connection. That may have gone before.
void visit(std::uint16_t port, bool leave = false) {
    try {
        RawPeer client = RawPeer::connect(Address::own(port));
        client.send(prefix_frame("1") + prefix_frame("[2]") + big_endian(100));
        if (!leave) client.receive_until_end();
    } catch (const std::system_error&) {
        // Refused or reset.
    }
}

template <typename Kind>
class StopRounds : public testing::Test {
  public:
    using Server = typename Kind::Server;
    using Handler = typename Kind::Handler;

  protected:
    Random random{51};
};
TYPED_TEST_SUITE(StopRounds, BothKinds, KindNames);

TYPED_TEST(StopRounds, TwiceAndFromTwoThreadsWhileAClientArrives) {
    for (int i = 0; i < rounds; ++i) {
        typename TestFixture::Server server(patient);
        server.start();
        all_at_once(this->random, {[&] { visit(server.port()); },
                                   [&] {
                                       server.stop();
                                       server.stop();
                                   },
                                   [&] {
                                       server.stop();
                                       EXPECT_TRUE(server.join_for(patience));
                                   }});
        ASSERT_TRUE(server.join_for(patience)) << "round " << i;
        ASSERT_FALSE(server.running());
        ASSERT_EQ(failures(server.client_stats()), 0u) << "to be stopped is no failure";
    }
}

TYPED_TEST(StopRounds, WhileTheServerStarts) {
    int started = 0;
    for (int i = 0; i < rounds; ++i) {
        typename TestFixture::Server server(patient);
        RawPeer early = RawPeer::connect(Address::own(server.port()));
        const auto start = [&] {
            try {
                server.start();
                ++started;
            } catch (const jsocket::UsageError&) {
                // stop() came first.
            }
        };
        const auto stop = [&] { server.stop(); };
        // Threads alone may always come in the same order: with one processor they do.
        if (i % 4 == 0) {
            start();
            stop();
        } else if (i % 4 == 1) {
            stop();
            start();
        } else {
            all_at_once(this->random, {start, stop});
        }
        ASSERT_TRUE(server.join_for(patience)) << "round " << i;
        ASSERT_FALSE(server.running());
        ASSERT_TRUE(early.closed_by_peer()) << "the port is free, whichever came first";
    }
    EXPECT_GE(started, rounds / 4) << "whenever start() came first";
    EXPECT_LE(started, rounds - rounds / 4) << "never after stop()";
}

TYPED_TEST(StopRounds, InAHookWhileAnotherThreadStops) {
    std::array<std::atomic<int>, 4> stops{};
    for (int i = 0; i < rounds; ++i) {
        std::optional<typename TestFixture::Server> server;
        const auto stop_in = [&](std::size_t hook) {
            if (hook != i % stops.size()) return;
            ++stops[hook];
            server->stop();
            server->stop();
        };
        Hooks<typename TestFixture::Handler> hooks;
        hooks.connect = [&](auto&) { stop_in(0); };
        hooks.message = [&](auto&, json& message) -> std::optional<json> {
            stop_in(1);
            if (i % 4 == 2) throw std::runtime_error("hook");
            return message;
        };
        hooks.error = [&](auto&, const std::exception&) { stop_in(2); };
        hooks.disconnect = [&](auto&) { stop_in(3); };
        server.emplace(patient, hooks);
        server->start();
        const bool leave = i % 4 == 3;
        const bool help = pick(this->random, 2) == 0;
        all_at_once(this->random, {[&] { visit(server->port(), leave); },
                                   [&] {
                                       if (help) server->stop();
                                   }});
        ASSERT_TRUE(server->join_for(patience)) << "round " << i;
    }
    for (const auto& times : stops) EXPECT_GT(times, rounds / 20) << "each hook has had its turns";
}

TYPED_TEST(StopRounds, InTheDestructorWhileAClientArrives) {
    // A factory stops by itself, the other kind when it is Running.
    constexpr bool by_itself = std::is_same_v<TypeParam, Factory>;
    using Server = std::conditional_t<by_itself, typename TestFixture::Server,
                                      Running<typename TestFixture::Server>>;
    for (int i = 0; i < rounds; ++i) {
        auto server = std::make_unique<Server>(patient);
        if constexpr (by_itself) server->start();
        const Stopwatch stopwatch;
        all_at_once(this->random,
                    {[port = server->port()] { visit(port); },
                     [port = server->port()] { visit(port); }, [&] { server.reset(); }});
        ASSERT_LT(stopwatch.elapsed(), patience) << "round " << i;
    }
}

/// What hooks use, and what is destroyed with the server that owns it.
class Shelf {
  public:
    explicit Shelf(std::atomic<int>& handled) : handled_(handled) {}

    json put(const std::string& title) {
        const std::lock_guard lock(mutex_);
        latest_ = title + std::string(50, '.');
        ++handled_;
        return ++books_[latest_];
    }

  private:
    std::mutex mutex_;
    std::map<std::string, int> books_;
    std::string latest_;
    std::atomic<int>& handled_;
};

class ThreadedLibrary : public jsocket::ThreadedServer {
  public:
    explicit ThreadedLibrary(std::atomic<int>& handled)
        : ThreadedServer({.address = own_address()}), shelf_(handled) {}

  private:
    std::optional<json> process_message(json& message) override {
        return shelf_.put(message.dump());
    }
    void on_connect() override { shelf_.put("connect"); }
    void on_disconnect() override { shelf_.put("disconnect"); }

    Shelf shelf_;
};

class Librarian : public jsocket::ServerFactoryThread {
  public:
    explicit Librarian(Shelf& shelf) : shelf_(shelf) {}
    ~Librarian() override { shelf_.put("farewell"); }

  private:
    std::optional<json> process_message(json& message) override {
        return shelf_.put(message.dump());
    }
    void on_connect() override { shelf_.put("connect"); }
    void on_disconnect() override { shelf_.put("disconnect"); }

    Shelf& shelf_;
};

class FactoryLibrary : public jsocket::ServerFactory<Librarian> {
  public:
    explicit FactoryLibrary(std::atomic<int>& handled)
        : ServerFactory({.address = own_address()}, std::ref(shelf_)), shelf_(handled) {}

  private:
    Shelf shelf_;
};

template <typename Library>
class RunningRounds : public testing::Test {};
using Libraries = testing::Types<ThreadedLibrary, FactoryLibrary>;
TYPED_TEST_SUITE(RunningRounds, Libraries);

/// A sanitizer tells if a hook uses a member that is gone.
TYPED_TEST(RunningRounds, MembersOutliveTheHooksThatUseThemUnderLoad) {
    Random random(53);
    std::string batch;
    for (int i = 0; i < 10; ++i) batch += prefix_frame("\"title\"");
    const auto read = [&](std::uint16_t port) {
        try {
            RawPeer client = RawPeer::connect(Address::own(port));
            for (int i = 0; i < rounds; ++i) {
                client.send(batch);
                client.receive(5);
            }
        } catch (const std::system_error&) {
            // The server has gone.
        }
    };
    for (int i = 0; i < rounds; ++i) {
        std::atomic<int> handled{0};
        auto server = std::make_unique<Running<TypeParam>>(handled);
        const int enough = pick(random, 20);
        all_at_once(random, {[&, port = server->port()] { read(port); },
                             [&, port = server->port()] { read(port); },
                             [&] {
                                 ASSERT_TRUE(yield_until([&] { return handled >= enough; }));
                                 server.reset();
                             }});
        ASSERT_EQ(server, nullptr) << "round " << i;
    }
}

}  // namespace
