// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/error_of.hpp"
#include "support/leak_check.hpp"
#include "support/raw_peer.hpp"
#include "support/wait.hpp"
#include "support/waiting.hpp"
#include "support/wire.hpp"

#include <jsocket/client/json_client.hpp>
#include <jsocket/error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the tests of JsonClient have in common: a server made by hand.
namespace client_tests {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::ClientOptions;
using jsocket::Framing;
using jsocket::json;
using ::testing::HasSubstr;

inline constexpr Framing all_framings[] = {Framing::prefix, Framing::crc, Framing::lines};

/// One message as it has to be on the wire.
inline std::string frame(Framing framing, std::string_view payload) {
    if (framing == Framing::crc) return crc_frame(payload);
    return framing == Framing::lines ? line_frame(payload) : prefix_frame(payload);
}

/// A client which gives up at once rather than try again.
class ClientFixture : public LeakCheck {
  protected:
    /// Makes `client` a new client that is connected to `server`.
    void connect(ClientOptions options = {}) {
        options.port = listener.port();
        options.retry.attempts = 1;
        client = std::make_unique<jsocket::JsonClient>(options);
        reconnect();
    }

    void reconnect() {
        client->connect();
        server = listener.accept();
    }

    /// Nothing can be sent or read, and the server sees the end.
    void expect_closed() {
        EXPECT_FALSE(client->connected());
        const auto error = error_of<jsocket::ConnectionClosed>([&] { client->send_obj(1); });
        EXPECT_THAT(error->what(), HasSubstr("socket connection broken"));
        EXPECT_THROW(client->read_obj(), jsocket::ConnectionClosed);
        EXPECT_THROW(client->try_read_obj(1ms), jsocket::ConnectionClosed);
        if (server.fd() >= 0) {
            EXPECT_TRUE(server.closed_by_peer());
        }
    }

    /// A message and its reply go through, and nothing else was on the way.
    void expect_usable() {
        const Framing framing = client->options().framing;
        EXPECT_TRUE(client->connected());
        client->send_obj("are you there?");
        const std::string expected = frame(framing, "\"are you there?\"");
        EXPECT_EQ(server.receive(expected.size()), expected);
        server.send(frame(framing, "\"yes\""));
        EXPECT_EQ(client->read_obj(), "yes");
    }

    /// Has someone connected who was not accepted yet?
    bool listener_has_someone() const {
        pollfd entry{listener.fd(), POLLIN, 0};
        return ::poll(&entry, 1, 0) > 0;
    }

    RawListener listener;
    RawPeer server{FileDescriptor()};
    std::unique_ptr<jsocket::JsonClient> client;
};

}  // namespace client_tests
