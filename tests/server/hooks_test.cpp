// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerOptions;
using testing::ElementsAre;
using testing::HasSubstr;

template <typename Kind>
class Hook : public testing::Test {
  public:
    using Server = Running<typename Kind::Server>;
    using Handler = typename Kind::Handler;

  protected:
    /// Hooks that write down that they were called.
    Hooks<Handler> noted() {
        Hooks<Handler> hooks;
        hooks.connect = [this](auto&) { journal.add("connect"); };
        hooks.disconnect = [this](auto&) { journal.add("disconnect"); };
        hooks.error = [this](auto&, const std::exception&) { journal.add("error"); };
        hooks.message = [this](auto&, json& message) -> std::optional<json> {
            journal.add("message " + message.dump());
            return message;
        };
        return hooks;
    }

    Journal journal;
};
TYPED_TEST_SUITE(Hook, BothKinds, KindNames);

TYPED_TEST(Hook, AreCalledInOrderAndOnceEach) {
    typename TestFixture::Server server(ServerOptions{}, this->noted());
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1") + prefix_frame("2"));
    client.finish_writing();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("1") + prefix_frame("2"));
    client.close();
    server.stop();
    server.join();
    EXPECT_THAT(this->journal.entries(),
                ElementsAre("connect", "message 1", "message 2", "disconnect"));
}

TYPED_TEST(Hook, OnErrorComesOnceBetweenMessageAndDisconnect) {
    typename TestFixture::Server server(ServerOptions{}, this->noted());
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1") + prefix_frame("no JSON") + prefix_frame("3"));
    EXPECT_EQ(client.receive_until_end(), prefix_frame("1"));
    server.stop();
    server.join();
    EXPECT_THAT(this->journal.entries(),
                ElementsAre("connect", "message 1", "error", "disconnect"));
}

TYPED_TEST(Hook, OnDisconnectFollowsAStop) {
    typename TestFixture::Server server(ServerOptions{}, this->noted());
    JsonClient client = connected_client(server.port());
    EXPECT_EQ(client.request(1), 1);
    server.stop();
    server.join();
    EXPECT_THAT(this->journal.entries(), ElementsAre("connect", "message 1", "disconnect"));
}

TYPED_TEST(Hook, OnConnectComesBeforeAnythingIsSent) {
    typename TestFixture::Server server(ServerOptions{}, this->noted());
    const RawPeer client = RawPeer::connect(server.port());
    EXPECT_TRUE(wait_until([&] { return this->journal.size() == 1; }));
    EXPECT_THAT(this->journal.entries(), ElementsAre("connect"));
}

TYPED_TEST(Hook, OnErrorGetsTheErrorThatEndedTheConnection) {
    Hooks<typename TestFixture::Handler> hooks;
    hooks.error = [&](auto&, const std::exception& error) {
        const auto* framing = dynamic_cast<const jsocket::FramingError*>(&error);
        const auto* payload = dynamic_cast<const jsocket::PayloadError*>(&error);
        if (framing != nullptr && framing->kind() == jsocket::FramingError::Kind::oversize) {
            this->journal.add("oversize");
        } else if (payload != nullptr &&
                   payload->kind() == jsocket::PayloadError::Kind::invalid_utf8) {
            this->journal.add("invalid_utf8");
        } else {
            this->journal.add(error.what());
        }
    };
    typename TestFixture::Server server(ServerOptions{}, hooks);
    const std::pair<std::string, std::string> cases[] = {
        {big_endian(0x0fff'ffff), "oversize"},
        {prefix_frame("\"\xff\""), "invalid_utf8"},
    };
    for (const auto& [bytes, expected] : cases) {
        RawPeer client = RawPeer::connect(server.port());
        client.send(bytes);
        EXPECT_EQ(client.receive_until_end(), "");
        ASSERT_TRUE(wait_until([&] { return this->journal.size() > 0; }));
        EXPECT_EQ(this->journal.entries().back(), expected);
    }
    EXPECT_THAT(this->journal.entries(), ElementsAre("oversize", "invalid_utf8"));
}

TYPED_TEST(Hook, AnEmptyReplySendsNothing) {
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [](auto&, json& message) -> std::optional<json> {
        if (message == "quiet") return std::nullopt;
        return message;
    };
    typename TestFixture::Server server(ServerOptions{}, hooks);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("\"quiet\"") + prefix_frame("1") + prefix_frame("\"quiet\""));
    client.finish_writing();
    EXPECT_EQ(client.receive_until_end(), prefix_frame("1"));
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TYPED_TEST(Hook, NullIsAReply) {
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [](auto&, json&) { return json(nullptr); };
    typename TestFixture::Server server(ServerOptions{}, hooks);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1"));
    EXPECT_EQ(client.receive_prefix_frame(), "null");
}

TYPED_TEST(Hook, GetsAnyJsonValueAsAMessage) {
    typename TestFixture::Server server(ServerOptions{}, this->noted());
    RawPeer client = RawPeer::connect(server.port());
    for (const std::string text : {"null", "true", "0", "-1.5", "\"\"", "[]", "{}"}) {
        client.send(prefix_frame(text));
        EXPECT_EQ(client.receive_prefix_frame(), text);
    }
}

TYPED_TEST(Hook, MayMoveFromChangeAndKeepTheMessage) {
    std::vector<json> kept;
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [&](auto&, json& message) -> std::optional<json> {
        kept.push_back(message);
        if (message.contains("move")) return std::move(message["move"]);
        message["changed"] = {1, 2, 3};
        message["list"][0] = "other";
        return message;
    };
    typename TestFixture::Server server(ServerOptions{}, hooks);
    JsonClient client = connected_client(server.port());
    const json plain = {{"list", {"a long enough string to own memory", "b"}}, {"n", {{"m", 1}}}};
    const json moved = {{"move", {"another string that owns memory", {{"x", 1}}}}};
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(client.request(plain),
                  json({{"list", {"other", "b"}}, {"n", {{"m", 1}}}, {"changed", {1, 2, 3}}}));
        EXPECT_EQ(client.request(moved), moved["move"]);
        EXPECT_EQ(client.request({{"move", i}}), i);
    }
    client.close();
    server.stop();
    server.join();
    ASSERT_EQ(kept.size(), 30u);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(kept[3 * i], plain);
        EXPECT_EQ(kept[3 * i + 1], moved);
        EXPECT_EQ(kept[3 * i + 2], json({{"move", i}}));
    }
}

TYPED_TEST(Hook, KnowsThePeerAndTheSession) {
    Hooks<typename TestFixture::Handler> hooks;
    const auto note = [&](auto& handler) {
        this->journal.add(handler.peer() + " " + std::to_string(handler.session_id()));
    };
    hooks.connect = note;
    hooks.disconnect = note;
    hooks.message = [&](auto& handler, json& message) -> std::optional<json> {
        note(handler);
        return message;
    };
    typename TestFixture::Server server(ServerOptions{}, hooks);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1"));
    EXPECT_EQ(client.receive_prefix_frame(), "1");
    const std::string peer = "127.0.0.1:" + std::to_string(client.port());
    client.close();
    server.stop();
    server.join();
    ASSERT_EQ(this->journal.size(), 3u);
    const std::string first = this->journal.entries()[0];
    EXPECT_THAT(first, HasSubstr(peer + " "));
    EXPECT_THAT(this->journal.entries(), ElementsAre(first, first, first));
}

TYPED_TEST(Hook, MayDisconnectItsOwnClient) {
    for (const std::string where : {"connect", "message"}) {
        SCOPED_TRACE(where);
        Hooks<typename TestFixture::Handler> hooks = this->noted();
        hooks.connect = [&](auto& handler) {
            if (where == "connect") handler.disconnect_client();
        };
        hooks.message = [&](auto& handler, json& message) -> std::optional<json> {
            handler.disconnect_client();
            handler.disconnect_client();
            return message;
        };
        typename TestFixture::Server server(ServerOptions{}, hooks);
        RawPeer client = RawPeer::connect(server.port());
        client.send(prefix_frame("1") + prefix_frame("2"));
        EXPECT_TRUE(wait_until([&] { return server.client_stats().clients.size() == 1; }));
        const std::string received = client.receive_until_end();
        EXPECT_EQ(received, where == "connect" ? "" : prefix_frame("1")) << "and no second reply";
        EXPECT_EQ(failures(server.client_stats()), 0u);
    }
}

TYPED_TEST(Hook, MayCallBackIntoTheServer) {
    std::unique_ptr<typename TestFixture::Server> server;
    Gate ready;
    const auto look_around = [&] {
        ready.wait();
        server->client_stats();
        server->port();
        server->endpoint();
        return server->running();
    };
    Hooks<typename TestFixture::Handler> hooks = this->noted();
    hooks.connect = [&](auto&) { look_around(); };
    hooks.disconnect = [&](auto&) { look_around(); };
    hooks.error = [&](auto&, const std::exception&) { look_around(); };
    hooks.message = [&](auto& handler, json&) -> std::optional<json> {
        handler.send_obj("pushed");
        return json{look_around(), handler.connected(), server->client_stats().connected_clients};
    };
    server = std::make_unique<typename TestFixture::Server>(ServerOptions{}, hooks);
    ready.open();
    JsonClient client = connected_client(server->port());
    EXPECT_EQ(client.request(1), "pushed");
    EXPECT_EQ(client.read_obj(), json({true, true, 1}));
}

TEST(FactoryHook, MayBroadcastAndDisconnectOthers) {
    std::unique_ptr<Running<Factory::Server>> server;
    Hooks<ScriptedWorker> hooks;
    hooks.message = [&](ScriptedWorker& worker, json& message) -> std::optional<json> {
        if (message == "broadcast") return json{server->broadcast("to all"), server->active()};
        for (const jsocket::SessionId id : server->sessions()) {
            if (id != worker.session_id()) server->disconnect(id);
        }
        server->send_obj(worker.session_id(), "to myself");
        return "alone";
    };
    server = std::make_unique<Running<Factory::Server>>(ServerOptions{}, hooks);
    JsonClient one = connected_client(server->port());
    JsonClient two = connected_client(server->port());
    ASSERT_TRUE(wait_until([&] { return server->active() == 2; }));
    EXPECT_EQ(one.request("broadcast"), "to all");
    EXPECT_EQ(one.read_obj(), json({2, 2}));
    EXPECT_EQ(two.read_obj(), "to all");

    EXPECT_EQ(one.request("disconnect"), "to myself");
    EXPECT_EQ(one.read_obj(), "alone");
    EXPECT_THROW(two.read_obj(), jsocket::ConnectionClosed);
}

TEST(FactoryHook, MayStopAllOthersAndItself) {
    std::unique_ptr<Running<Factory::Server>> server;
    Hooks<ScriptedWorker> hooks;
    hooks.message = [&](auto&, json& message) -> std::optional<json> {
        server->stop_all();
        return message;
    };
    server = std::make_unique<Running<Factory::Server>>(ServerOptions{}, hooks);
    const JsonClient idle = connected_client(server->port());
    RawPeer asking = RawPeer::connect(server->port());
    ASSERT_TRUE(wait_until([&] { return server->active() == 2; }));
    asking.send(prefix_frame("1"));
    EXPECT_EQ(asking.receive_until_end(), prefix_frame("1"));
    EXPECT_TRUE(wait_until([&] { return server->active() == 0; }));
    EXPECT_EQ(connected_client(server->port()).request(1), 1);
}

}  // namespace
