// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "integration/wire_formats.hpp"
#include "server/scripted.hpp"
#include "torture/faults.hpp"
#include "torture/goes_well.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace test_support {

/// The life of a server that is served by hand, with a client in each format. What the server does
/// is a Subject; one fault may happen to it.
///
/// Whatever it is, the call that it happens to fails as documented or not at all, and the server
/// can accept and answer another client.
class JsonServerLife {
  public:
    explicit JsonServerLife(Fault& fault) : fault_(fault) {}

    void run() {
        std::optional<jsocket::JsonServer> server;
        const bool listens = call(
            [&] { server.emplace(jsocket::ServerOptions{.port = 0, .accept_timeout = patience}); });
        if (!listens) return;
        for (const jsocket::Framing framing : all_formats) {
            RawPeer peer = RawPeer::connect(server->port());
            const std::string_view text =
                R"(["a text that takes some memory",[1,2],{"a":{"b":3}}])";
            peer.send(frame(framing, text));
            json answered;
            if (!call([&] { answer(*server, answered); })) break;
            EXPECT_EQ(receive_frame(peer, framing), text);
        }
        fault_.disarm();
        expect_service(*server);
    }

  private:
    /// `message` is null before, and destroyed by the caller, who is no Subject: to destroy a tree,
    /// nlohmann allocates, and must not fail.
    static void answer(jsocket::JsonServer& server, json& message) {
        server.accept_connection();
        message = server.read_obj();
        server.send_obj(message);
    }

    /// Somebody whom the fault has kept from being accepted may still be waiting.
    static void expect_service(jsocket::JsonServer& server) {
        const json question = "still there?";
        RawPeer peer = RawPeer::connect(server.port());
        peer.send(prefix_frame(question.dump()));
        json answered;
        for (int i = 0; i < 2 && answered != question; ++i) {
            EXPECT_NO_THROW(answer(server, answered));
        }
        EXPECT_EQ(peer.receive_prefix_frame(), question.dump());
    }

    template <typename Operation>
    bool call(Operation operation) {
        return goes_well(fault_, operation);
    }

    Fault& fault_;
};

}  // namespace test_support
