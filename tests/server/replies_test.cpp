// SPDX-License-Identifier: Apache-2.0
#include "server/scripted.hpp"
#include "support/raw_peer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace {

using namespace test_support;
using jsocket::Failure;
using jsocket::Running;
using jsocket::ServerOptions;
using std::chrono::milliseconds;

struct BadReply {
    std::string what;
    json reply;
};

json deep(int depth) {
    json value = json::array();
    for (int i = 1; i < depth; ++i) value = json::array({std::move(value)});
    return value;
}

const jsocket::Limits small{.max_message_size = 1000, .max_depth = 10, .max_elements = 100};

std::vector<BadReply> bad_replies() {
    return {
        {"NaN", std::nan("")},
        {"infinity", json{1, std::numeric_limits<double>::infinity()}},
        {"too deep", deep(11)},
        {"too big", std::string(999, 'x')},
        {"too many values", json(std::vector<int>(100, 0))},
        {"invalid UTF-8", "\xc0\xaf"},
        {"invalid UTF-8 in a name", json{{"\xff", 1}}},
        {"binary", json::binary({1, 2, 3})},
    };
}

template <typename Kind>
class Reply : public testing::Test {
  public:
    using Server = Running<typename Kind::Server>;
    using Handler = typename Kind::Handler;
};
TYPED_TEST_SUITE(Reply, BothKinds, KindNames);

TYPED_TEST(Reply, ThatCannotBeSentClosesTheConnectionAndCountsAsBadWrite) {
    for (const BadReply& bad : bad_replies()) {
        SCOPED_TRACE(bad.what);
        Journal errors;
        Hooks<typename TestFixture::Handler> hooks;
        hooks.message = [&](auto&, json& message) -> std::optional<json> {
            return message == "bad" ? bad.reply : message;
        };
        hooks.error = [&](auto&, const std::exception& error) { errors.add(error.what()); };
        typename TestFixture::Server server(ServerOptions{.limits = small}, hooks);
        RawPeer client = RawPeer::connect(server.port());
        client.send(prefix_frame("1") + prefix_frame("\"bad\"") + prefix_frame("2"));
        EXPECT_EQ(client.receive_until_end(), prefix_frame("1"));
        client.close();
        EXPECT_EQ(connected_client(server.port()).request(3), 3) << "the server goes on";
        server.stop();
        server.join();
        EXPECT_EQ(failures(server.client_stats(), Failure::bad_write), 1u);
        EXPECT_EQ(failures(server.client_stats()), 1u);
        EXPECT_EQ(errors.size(), 1u);
    }
}

TYPED_TEST(Reply, AtTheLimitsIsSent) {
    const std::vector<json> replies = {deep(10), std::string(998, 'x'), std::vector<int>(99, 0)};
    for (const json& reply : replies) {
        Hooks<typename TestFixture::Handler> hooks;
        hooks.message = [&](auto&, json&) { return reply; };
        typename TestFixture::Server server(ServerOptions{.limits = small}, hooks);
        EXPECT_EQ(connected_client(server.port()).request(1), reply);
    }
}

TYPED_TEST(Reply, OfASlowHookIsSentBeforeTheNextHookEndsWithThoseBeforeIt) {
    Gate received;
    Hooks<typename TestFixture::Handler> hooks;
    hooks.message = [&](auto&, json& message) -> std::optional<json> {
        const Stopwatch stopwatch;
        if (message == 2) wait_until([&] { return stopwatch.elapsed() >= milliseconds(30); });
        if (message == 3) received.wait();
        return std::move(message);
    };
    typename TestFixture::Server server(ServerOptions{}, hooks);
    RawPeer client = RawPeer::connect(server.port());
    client.send(prefix_frame("1") + prefix_frame("2") + prefix_frame("3"));
    EXPECT_TRUE(client.readable(patience / 2));
    received.open();
    for (const char* reply : {"1", "2", "3"}) EXPECT_EQ(client.receive_prefix_frame(), reply);
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

}  // namespace
