// SPDX-License-Identifier: Apache-2.0
#include "integration/wire_formats.hpp"

#include "server/scripted.hpp"

#include <jsocket/testing/scripted_peer.hpp>

#include <gtest/gtest.h>

#include <atomic>

namespace {

using namespace test_support;
using namespace std::string_literals;
using jsocket::Failure;
using jsocket::Framing;
using jsocket::JsonClient;
using jsocket::Running;
using jsocket::ServerFactory;
using jsocket::ServerOptions;

TEST(WireFormats, AreDetectedForEachConnectionOnItsOwn) {
    Running<ServerFactory<ScriptedWorker>> server;
    std::vector<RawPeer> peers;
    for (int i = 0; i < 9; ++i) peers.push_back(RawPeer::connect(server.port()));
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 9; ++i) peers[i].send(frame(all_formats[i % 3], std::to_string(i)));
        for (int i = 0; i < 9; ++i) {
            EXPECT_EQ(receive_frame(peers[i], all_formats[i % 3]), std::to_string(i));
        }
    }
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

TEST(WireFormats, AreDetectedForOneClientAfterTheOther) {
    Running<ScriptedServer> server;
    for (const Framing framing : all_formats) {
        jsocket::testing::ScriptedPeer client(jsocket::testing::Script().send(1).expect(1).close(),
                                              {.to = server.endpoint(), .framing = framing});
        EXPECT_NO_THROW(client.finish());
    }
}

TEST(WireFormats, AreDetectedHoweverTheBytesArrive) {
    Running<ServerFactory<ScriptedWorker>> server;
    for (const Framing framing : all_formats) {
        RawPeer peer = RawPeer::connect(server.port());
        for (const char byte : frame(framing, "{\"a\":[1,2]}") + frame(framing, "2")) {
            peer.send(std::string(1, byte));
        }
        EXPECT_EQ(receive_frame(peer, framing), "{\"a\":[1,2]}");
        EXPECT_EQ(receive_frame(peer, framing), "2");
    }
}

TEST(WireFormats, OfTheClientAreServedByADetectingAndByAConfiguredServer) {
    for (const Framing framing : all_formats) {
        for (const Framing configured : {Framing::automatic, framing}) {
            Running<ScriptedServer> server(ServerOptions{.framing = configured});
            JsonClient client = connected_client(server.port(), framing);
            const json message = {{"text", "line\nbreak \xc3\xa9"}, {"n", {1, -2.5, nullptr}}};
            EXPECT_EQ(client.request(message), message);
            EXPECT_EQ(client.request(nullptr), nullptr);
        }
    }
}

TEST(WireFormats, OtherThanTheConfiguredOneAreRefused) {
    for (const Framing framing : all_formats) {
        for (const Framing configured : all_formats) {
            if (framing == configured) continue;
            Running<ScriptedServer> server(
                ServerOptions{.framing = configured, .recv_timeout = patience});
            RawPeer peer = RawPeer::connect(server.port());
            peer.send(frame(framing, "1"));
            peer.finish_writing();
            EXPECT_EQ(peer.receive_until_end(), "");
            EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
        }
    }
}

TEST(WireFormats, OfLinesPassOverBlankLinesAndCarriageReturns) {
    Running<ScriptedServer> server;
    RawPeer peer = RawPeer::connect(server.port());
    peer.send("\r\n\n  \n{\"a\": 1}\r\n\n\n[2]\n\n");
    peer.finish_writing();
    EXPECT_EQ(peer.receive_until_end(), "{\"a\":1}\n[2]\n");
    EXPECT_EQ(failures(server.client_stats()), 0u);
}

struct FirstBytes {
    std::string what;
    std::string bytes;
    Failure failure;
};

class FirstBytesOfAConnection : public testing::TestWithParam<FirstBytes> {};
INSTANTIATE_TEST_SUITE_P(
    OfAConnection, FirstBytesOfAConnection,
    testing::Values(
        FirstBytes{"GET", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", Failure::bad_header},
        FirstBytes{"WebSocket", "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
                   Failure::bad_header},
        FirstBytes{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, Failure::bad_header},
        FirstBytes{"POST", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"a\":1}\r\n",
                   Failure::invalid_json},
        FirstBytes{"OPTIONS", "OPTIONS / HTTP/1.1\r\n\r\n[1]\n", Failure::invalid_json},
        FirstBytes{"PUT_after_a_blank_line", "\r\nPUT / HTTP/1.1\r\n\r\n[1]\n",
                   Failure::invalid_json},
        FirstBytes{"SSH", "SSH-2.0-client\r\n", Failure::invalid_json},
        FirstBytes{"a_form", "a=1&b=2\r\n[1]\n", Failure::invalid_json},
        FirstBytes{"a_wrong_magic", "JSN2" + std::string(20, '\0'), Failure::bad_header},
        FirstBytes{"JSON_that_is_none", "{]\n[1]\n", Failure::invalid_json},
        FirstBytes{"a_header_that_looks_like_a_value", "true: yes\r\n[1]\n", Failure::invalid_json},
        FirstBytes{"high_bytes", "\xff\xff\xff\xff[1]", Failure::oversize},
        FirstBytes{"a_length_over_the_limit", big_endian(10 * 1024 * 1024 + 1), Failure::oversize},
        FirstBytes{"an_empty_message", big_endian(0) + prefix_frame("1"), Failure::invalid_json}),
    [](const auto& info) { return info.param.what; });

TEST_P(FirstBytesOfAConnection, ThatAreNoMessageGetNoReplyAndAreClosed) {
    std::atomic<int> handled{0};
    Hooks<ScriptedWorker> hooks;
    hooks.message = [&](auto&, json& message) -> std::optional<json> {
        ++handled;
        return message;
    };
    Running<ServerFactory<ScriptedWorker>> server(ServerOptions{.recv_timeout = patience}, hooks);
    RawPeer peer = RawPeer::connect(server.port());
    const Stopwatch stopwatch;
    peer.send(GetParam().bytes);
    EXPECT_EQ(peer.receive_until_end(), "");
    EXPECT_LT(stopwatch.elapsed(), patience) << "at once, not after a time-out";
    EXPECT_TRUE(wait_until([&] { return failures(server.client_stats()) == 1; }));
    EXPECT_EQ(failures(server.client_stats(), GetParam().failure), 1u)
        << json(server.client_stats()).dump(2);
    EXPECT_EQ(handled, 0) << "a web page's content reaches no hook";
}

}  // namespace
