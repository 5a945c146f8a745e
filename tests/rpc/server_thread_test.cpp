// SPDX-License-Identifier: Apache-2.0
#include "rpc/rpc_fixture.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

namespace jsocket::rpc {
namespace {

/// Counts for one client, and knows whether it was ever in two methods at a time.
class Counter : public ServerThread {
  public:
    explicit Counter(const Dispatcher& shared = Dispatcher()) : ServerThread(shared) {
        bind("add", [this](int n) { return add(n); }, {"n"}, {.description = "Adds up"});
        bind("overlapped", [this] { return overlapped_; });
        bind("wait", [](std::stop_token stop) { Event().wait_or_stop(stop); });
        bind("elsewhere", [](Call& call) { return call.peer().address(); }, {},
             {.run = Run::concurrently});
    }

  private:
    int add(int n) {
        if (inside_.exchange(true)) overlapped_ = true;
        sum_ += n;
        inside_ = false;
        return sum_;
    }

    void on_connect() override { client().notify("welcome"); }

    int sum_ = 0;
    std::atomic<bool> inside_{false};
    bool overlapped_ = false;
};

TEST(RpcServerThread, HasStateForEachClient) {
    Running<ServerFactory<Counter>> server;
    Client first({.port = server.port()});
    Client second({.port = server.port()});
    first.connect();
    second.connect();
    EXPECT_EQ(first.call<int>("add", {5}), 5);
    EXPECT_EQ(second.call<int>("add", {1}), 1);
    EXPECT_EQ(first.call<int>("add", {{"n", 5}}), 10);
}

TEST(RpcServerThread, RunsItsMethodsOneAfterAnother) {
    Running<ServerFactory<Counter>> server;
    Client client({.port = server.port()});
    client.connect();
    std::vector<std::future<int>> sums;
    for (int i = 0; i < 1'000; ++i) sums.push_back(client.async_call<int>("add", {1}));
    for (int i = 0; i < 1'000; ++i) EXPECT_EQ(sums[std::size_t(i)].get(), i + 1);
    EXPECT_FALSE(client.call<bool>("overlapped"));
}

TEST(RpcServerThread, ItsMethodsCanBeToldToStop) {
    Running<ServerFactory<Counter>> server;
    Client client({.port = server.port()});
    client.connect();
    EXPECT_THROW(client.call("wait", nullptr, {.timeout = 10ms}), TimeoutError);
    EXPECT_EQ(client.call<int>("add", {1}), 1);  // comes after it
}

TEST(RpcServerThread, NotifiesBeforeItIsAsked) {
    Event welcomed;
    Dispatcher offered;
    offered.bind("welcome", [&] { welcomed.set(); });
    Running<ServerFactory<Counter>> server({.framing = Framing::prefix});
    Client client({.port = server.port()}, offered);
    client.connect();
    EXPECT_TRUE(welcomed.wait());
}

TEST(RpcServerThread, OffersWhatTheDispatcherHasAndCountsThere) {
    Dispatcher shared;
    shared.bind("hello", [] { return "hello"; });
    Running<ServerFactory<Counter>> server({}, shared);
    Client client({.port = server.port()});
    client.connect();
    EXPECT_EQ(client.call<std::string>("hello"), "hello");
    client.call("add", {1});
    EXPECT_EQ(shared.method_stats().at("hello").calls, 1U);
    EXPECT_EQ(shared.method_stats().at("add").calls, 1U);
    EXPECT_EQ(shared.discover().at("methods").size(), 3U);  // the client's own are not its
    EXPECT_EQ(client.call("rpc.discover").at("methods").size(), 7U);
}

TEST(RpcServerThread, OnDisconnectComesAfterTheLastMethod) {
    struct Slow : ServerThread {
        Slow(Event* begun, std::promise<bool>* had_returned) : had_returned_(had_returned) {
            bind("wait", [this, begun](std::stop_token stop) {
                begun->set();
                Event().wait_or_stop(stop);
                returned_ = true;
            });
        }
        void on_disconnect() override { had_returned_->set_value(returned_); }
        std::atomic<bool> returned_{false};
        std::promise<bool>* had_returned_;
    };
    Event begun;
    std::promise<bool> had_returned;
    auto after_the_method = had_returned.get_future();
    Running<ServerFactory<Slow>> server({}, &begun, &had_returned);
    RawPeer client = RawPeer::connect(server.port());
    send(client, request("wait", nullptr, 1));
    ASSERT_TRUE(begun.wait());
    client.close();
    ASSERT_EQ(after_the_method.wait_for(patience), std::future_status::ready);
    EXPECT_TRUE(after_the_method.get());
}

TEST(RpcServerThread, OnDisconnectHasAPeerWhoseConnectionHasEnded) {
    struct Silent : ServerThread {
        explicit Silent(std::promise<Peer>* gone) : gone_(gone) {}
        void on_disconnect() override { gone_->set_value(client()); }
        std::promise<Peer>* gone_;
    };
    std::promise<Peer> gone;
    auto peer = gone.get_future();
    Running<ServerFactory<Silent>> server({}, &gone);
    RawPeer::connect(server.port()).close();  // without a word, so that none has been made before
    ASSERT_EQ(peer.wait_for(patience), std::future_status::ready);
    const Peer client = peer.get();
    EXPECT_FALSE(client.connected());
    EXPECT_THROW(client.call("anything"), ConnectionClosed);
    EXPECT_THROW(client.notify("anything"), ConnectionClosed);
}

TEST(RpcServerThread, CallsOfAnOnConnectThatThrowsAreOver) {
    struct Hasty : ServerThread {
        explicit Hasty(std::vector<std::future<json>>* calls) : calls_(calls) {}
        void on_connect() override {
            calls_->push_back(client().async_call("never", nullptr, {.timeout = no_timeout}));
            throw std::runtime_error("changed its mind");
        }
        std::vector<std::future<json>>* calls_;
    };
    std::vector<std::future<json>> calls;
    Running<ServerFactory<Hasty>> server({.framing = Framing::prefix}, &calls);
    RawPeer client = RawPeer::connect(server.port());
    client.receive_until_end();
    client.close();
    ASSERT_TRUE(wait_until([&] { return server.active() == 0; }));
    ASSERT_EQ(calls.at(0).wait_for(patience), std::future_status::ready);
    EXPECT_THROW(calls.at(0).get(), ConnectionClosed);
}

TEST(RpcServerThread, KnowsItsClient) {
    Running<ServerFactory<Counter>> server;
    RawPeer client = RawPeer::connect(server.port());
    send(client, request("elsewhere", nullptr, 1));
    EXPECT_EQ(json::parse(client.receive_prefix_frame()).at("method"), "welcome");
    EXPECT_EQ(receive(client), result("127.0.0.1:" + std::to_string(client.port()), 1));
}

}  // namespace
}  // namespace jsocket::rpc
