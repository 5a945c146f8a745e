// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <stdexcept>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Running;
using jsocket::ServerOptions;
using testing::ElementsAre;

struct Thrower {
    std::string what;
    std::function<void()> run;
};

/// Whatever a hook may throw, also what the server itself uses to tell failures apart.
const std::vector<Thrower>& throwers() {
    static const std::vector<Thrower> all = {
        {"std::runtime_error", [] { throw std::runtime_error("hook"); }},
        {"int", [] { throw 42; }},
        {"pointer", [] { throw "text"; }},
        {"json exception", [] { json(1).at("key"); }},
        {"bad_alloc", [] { throw std::bad_alloc(); }},
        {"jsocket::Error", [] { throw jsocket::Error("hook", true); }},
        {"UsageError", [] { throw jsocket::UsageError("hook"); }},
        {"TimeoutError", [] { throw jsocket::TimeoutError("hook"); }},
        {"ConnectionClosed", [] { throw jsocket::ConnectionClosed("hook", true); }},
        {"reset",
         [] {
             throw jsocket::ConnectionError("hook",
                                            std::make_error_code(std::errc::connection_reset));
         }},
        {"FramingError",
         [] { throw jsocket::FramingError(jsocket::FramingError::Kind::oversize, "hook"); }},
        {"PayloadError", [] { jsocket::parse("{]"); }},
    };
    return all;
}

template <typename Kind>
class HookException : public testing::Test {
  public:
    using Server = Running<typename Kind::Server>;
    using Handler = typename Kind::Handler;
};
TYPED_TEST_SUITE(HookException, BothKinds, KindNames);

TYPED_TEST(HookException, OfAnyTypeCostsTheClientItsConnectionAndIsCountedAsHandler) {
    for (const Thrower& thrower : throwers()) {
        SCOPED_TRACE(thrower.what);
        Journal journal;
        Hooks<typename TestFixture::Handler> hooks;
        hooks.message = [&](auto&, json& message) -> std::optional<json> {
            if (message == "throw") thrower.run();
            return message;
        };
        hooks.error = [&](auto&, const std::exception&) { journal.add("error"); };
        hooks.disconnect = [&](auto&) { journal.add("disconnect"); };
        typename TestFixture::Server server(ServerOptions{}, hooks);
        RawPeer client = RawPeer::connect(server.port());
        client.send(prefix_frame("1") + prefix_frame("\"throw\"") + prefix_frame("2"));
        EXPECT_EQ(client.receive_until_end(), prefix_frame("1"));
        client.close();
        ASSERT_TRUE(wait_until([&] { return journal.size() == 2; }));
        EXPECT_THAT(journal.entries(), ElementsAre("error", "disconnect"));
        EXPECT_EQ(failures(server.client_stats(), Failure::handler), 1u);
        EXPECT_EQ(failures(server.client_stats()), 1u);
        EXPECT_EQ(connected_client(server.port()).request(3), 3) << "the server goes on";
    }
}

TYPED_TEST(HookException, InOnConnectCostsTheClientItsConnection) {
    for (const Thrower& thrower : throwers()) {
        SCOPED_TRACE(thrower.what);
        std::atomic<int> connects{0};
        std::atomic<int> disconnects{0};
        Hooks<typename TestFixture::Handler> hooks;
        hooks.connect = [&](auto&) {
            if (++connects == 1) thrower.run();
        };
        hooks.disconnect = [&](auto&) { ++disconnects; };
        typename TestFixture::Server server(ServerOptions{}, hooks);
        RawPeer client = RawPeer::connect(server.port());
        EXPECT_EQ(client.receive_until_end(), "");
        client.close();
        EXPECT_EQ(connected_client(server.port()).request(3), 3);
        server.stop();
        server.join();
        EXPECT_EQ(connects, 2);
        EXPECT_EQ(disconnects, 1) << "on_disconnect() follows an on_connect() that did not throw";
        EXPECT_EQ(failures(server.client_stats(), Failure::handler), 1u);
        EXPECT_EQ(failures(server.client_stats()), 1u);
    }
}

TYPED_TEST(HookException, InOnDisconnectIsCountedAndTheServerGoesOn) {
    for (const Thrower& thrower : throwers()) {
        SCOPED_TRACE(thrower.what);
        Hooks<typename TestFixture::Handler> hooks;
        hooks.disconnect = [&](auto&) { thrower.run(); };
        typename TestFixture::Server server(ServerOptions{}, hooks);
        for (int i = 1; i <= 3; ++i) EXPECT_EQ(connected_client(server.port()).request(i), i);
        EXPECT_TRUE(wait_until([&] { return server.client_stats().connected_clients == 0; }));
        server.stop();
        server.join();
        EXPECT_EQ(failures(server.client_stats(), Failure::handler), 3u);
        EXPECT_EQ(failures(server.client_stats()), 3u);
    }
}

TYPED_TEST(HookException, InOnErrorDoesNotHinderOnDisconnect) {
    for (const Thrower& thrower : throwers()) {
        SCOPED_TRACE(thrower.what);
        std::atomic<int> disconnects{0};
        Hooks<typename TestFixture::Handler> hooks;
        hooks.error = [&](auto&, const std::exception&) { thrower.run(); };
        hooks.disconnect = [&](auto&) { ++disconnects; };
        typename TestFixture::Server server(ServerOptions{}, hooks);
        RawPeer client = RawPeer::connect(server.port());
        client.send(prefix_frame("{]"));
        EXPECT_EQ(client.receive_until_end(), "");
        client.close();
        EXPECT_EQ(connected_client(server.port()).request(3), 3);
        server.stop();
        server.join();
        EXPECT_EQ(disconnects, 2);
        EXPECT_EQ(failures(server.client_stats(), Failure::invalid_json), 1u);
    }
}

TYPED_TEST(HookException, ReachesOnErrorAsItIsOrAsAnError) {
    Journal journal;
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [&](auto&, json& message) -> std::optional<json> {
        if (message == "exception") throw std::out_of_range("too far");
        throw 42;
    };
    hooks.error = [&](auto&, const std::exception& error) {
        if (dynamic_cast<const std::out_of_range*>(&error) != nullptr) journal.add(error.what());
        if (dynamic_cast<const jsocket::Error*>(&error) != nullptr) journal.add("Error");
    };
    typename TestFixture::Server server(ServerOptions{}, hooks);
    for (const std::string what : {"exception", "int"}) {
        jsocket::JsonClient client = connected_client(server.port());
        client.send_obj(what);
        EXPECT_THROW(client.read_obj(), jsocket::ConnectionClosed);
    }
    server.stop();
    server.join();
    EXPECT_THAT(journal.entries(), ElementsAre("too far", "Error"));
}

TEST(FactoryHookException, LeavesOtherClientsAlone) {
    Hooks<ScriptedWorker> hooks;
    hooks.message = [](auto&, json& message) -> std::optional<json> {
        if (message == "throw") throw std::runtime_error("hook");
        return message;
    };
    Running<Factory::Server> server(ServerOptions{}, hooks);
    jsocket::JsonClient bystander = connected_client(server.port());
    EXPECT_EQ(bystander.request(1), 1);
    for (int i = 0; i < 20; ++i) {
        jsocket::JsonClient client = connected_client(server.port());
        client.send_obj("throw");
        EXPECT_THROW(client.read_obj(), jsocket::ConnectionClosed);
        EXPECT_EQ(bystander.request(i), i);
    }
    EXPECT_EQ(failures(server.client_stats(), Failure::handler), 20u);
}

}  // namespace
