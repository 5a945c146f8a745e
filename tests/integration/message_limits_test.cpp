// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"

#include <gtest/gtest.h>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Limits;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

std::string quoted(std::size_t size) { return "\"" + std::string(size - 2, 'x') + "\""; }

std::string nested_objects(std::size_t depth) {
    std::string text;
    for (std::size_t i = 1; i < depth; ++i) text += "{\"\":";
    return text + "{}" + std::string(depth - 1, '}');
}

/// A list of so many values, itself included.
std::string values(std::size_t count) {
    std::string text = "[0";
    for (std::size_t i = 2; i < count; ++i) text += ",0";
    return text + "]";
}

/// The first two are answered, the third is not.
void expect_limit(Framing framing, const Limits& limits, const std::vector<std::string>& texts,
                  Failure failure) {
    ASSERT_EQ(texts.size(), 3u);
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.limits = limits});
    RawPeer peer = RawPeer::connect(server.port());
    for (int i = 0; i < 2; ++i) {
        const std::string message = frame(framing, texts[i]);
        peer.send(message);
        EXPECT_TRUE(peer.receive(message.size()) == message) << message.size() << " bytes";
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
    peer.send(frame(framing, texts[2]));
    EXPECT_EQ(peer.receive_until_end(), "");
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), failure), 1u);
}

class MessageLimit : public testing::TestWithParam<Framing> {
  protected:
    const Framing framing = GetParam();
};
INSTANTIATE_TEST_SUITE_P(AllFormats, MessageLimit, testing::ValuesIn(all_formats),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(MessageLimit, OfSizeIsTheLargestThatPasses) {
    for (const std::size_t limit : {10u, 1000u, 65536u}) {
        expect_limit(framing, {.max_message_size = limit},
                     {quoted(limit - 1), quoted(limit), quoted(limit + 1)}, Failure::oversize);
    }
}

TEST_P(MessageLimit, OfDepthIsTheDeepestThatPasses) {
    for (const std::size_t limit : {1u, 2u, 64u, 65u, 128u, 200u}) {
        const Limits limits{.max_depth = limit};
        const std::string shallow = limit == 1 ? "0" : nested(limit - 1);
        expect_limit(framing, limits, {shallow, nested(limit), nested(limit + 1)},
                     Failure::too_deep);
        expect_limit(framing, limits, {shallow, nested_objects(limit), nested_objects(limit + 1)},
                     Failure::too_deep);
    }
}

TEST_P(MessageLimit, OfDepthCountsNoBracketsInStrings) {
    const std::string brackets = R"(["[[[[{{{{", "\"[[[[", "\\", "[\\\"[[["])";
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.limits = {.max_depth = 1}});
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(frame(framing, brackets) + frame(framing, R"(["\\",[]])"));
    peer.finish_writing();
    EXPECT_EQ(peer.receive_until_end(), frame(framing, json::parse(brackets).dump()));
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::too_deep), 1u);
}

TEST_P(MessageLimit, OfElementsIsTheMostThatPass) {
    for (const std::size_t limit : {3u, 100u}) {
        expect_limit(framing, {.max_elements = limit},
                     {values(limit - 1), values(limit), values(limit + 1)}, Failure::too_complex);
    }
}

TEST_P(MessageLimit, HoldsForWhatTheServerSendsToo) {
    const Limits limits{.max_message_size = 100, .max_depth = 5, .max_elements = 10};
    Running<ServerFactory<ScriptedWorker>> server(
        ServerOptions{.framing = framing, .limits = limits});
    JsonClient client = connected_client(server.port(), framing);
    ASSERT_TRUE(wait_until([&] { return server.active() == 1; }));
    for (const std::string& text :
         {quoted(99), quoted(100), nested(4), nested(5), values(9), values(10)}) {
        EXPECT_EQ(server.broadcast(json::parse(text)), 1u);
        EXPECT_EQ(client.read_obj(), json::parse(text));
    }
    EXPECT_THROW(server.broadcast(json::parse(quoted(101))), jsocket::MessageTooLarge);
    EXPECT_THROW(server.broadcast(json::parse(nested(6))), jsocket::UsageError);
    EXPECT_THROW(server.broadcast(json::parse(values(11))), jsocket::UsageError);
    EXPECT_EQ(client.request("usable"), "usable");
}

TEST(MessageLimits, OfSizeIsTenMebibytesByDefault) {
    constexpr std::size_t limit = 10 * 1024 * 1024;
    Hooks<ScriptedWorker> hooks;
    hooks.payload = [](std::string_view payload, std::string& reply) {
        reply = std::to_string(payload.size());
    };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.recv_timeout = patience}, hooks);
    RawPeer peer = RawPeer::connect(server.port());
    for (const std::size_t size : {limit - 1, limit}) {
        peer.send(prefix_frame(quoted(size)));
        EXPECT_EQ(peer.receive_prefix_frame(), std::to_string(size));
    }
    peer.send(big_endian(limit + 1));
    EXPECT_EQ(peer.receive_until_end(), "");
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::oversize), 1u);
}

TEST(MessageLimits, OfDepthIs128ByDefault) {
    expect_limit(Framing::prefix, {}, {nested(127), nested(128), nested(129)}, Failure::too_deep);
}

TEST(MessageLimits, OfElementsIsAMillionByDefault) {
    Hooks<ScriptedWorker> hooks;
    hooks.message = [](auto&, json& message) { return message.size(); };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.recv_timeout = patience}, hooks);
    RawPeer peer = RawPeer::connect(server.port());
    peer.send(prefix_frame(values(1'000'000)));
    EXPECT_TRUE(peer.readable(10 * patience)) << "under a sanitizer it takes its time";
    EXPECT_EQ(peer.receive_prefix_frame(), "999999");
    peer.send(prefix_frame(values(1'000'001)));
    EXPECT_EQ(peer.receive_until_end(), "");
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), Failure::too_complex), 1u);
}

TEST(MessageLimits, OfTheClientHoldForWhatItReads) {
    Running<ServerFactory<ScriptedWorker>> server;
    const Limits limits{.max_message_size = 100};
    JsonClient client({.port = server.port(), .limits = limits, .retry = {.attempts = 1}});
    client.connect();
    ASSERT_TRUE(wait_until([&] { return server.active() == 1; }));
    EXPECT_EQ(client.request(std::string(98, 'x')), std::string(98, 'x'));
    server.broadcast(std::string(99, 'x'));
    try {
        client.read_obj();
        FAIL() << "a message over the limit was read";
    } catch (const jsocket::FramingError& error) {
        EXPECT_EQ(error.kind(), jsocket::FramingError::Kind::oversize);
        EXPECT_FALSE(error.connection_usable());
    }
    EXPECT_FALSE(client.connected());
}

}  // namespace
