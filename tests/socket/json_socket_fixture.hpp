// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/error_of.hpp"
#include "support/wait.hpp"
#include "support/wire.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/socket/json_socket.hpp>
#include <jsocket/testing/faults.hpp>
#include <jsocket/testing/pipe.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

/// What the tests of JsonSocket have in common: a JsonSocket `socket` at one end of a pipe, and the
/// bare Stream `far` at the other.
namespace socket_tests {

using namespace std::chrono_literals;
using namespace test_support;
using jsocket::Deadline;
using jsocket::deadline_after;
using jsocket::Framing;
using jsocket::json;
using jsocket::SocketOptions;
using jsocket::Stream;
using jsocket::testing::Fault;
using jsocket::testing::FaultPlan;
using jsocket::testing::FaultyStream;

inline constexpr Deadline at_once{};  // long past
inline constexpr Framing all_framings[] = {Framing::prefix, Framing::crc, Framing::lines};

/// One message as it has to be on the wire.
inline std::string frame(Framing framing, std::string_view payload) {
    if (framing == Framing::crc) return crc_frame(payload);
    return framing == Framing::lines ? line_frame(payload) : prefix_frame(payload);
}

/// What has arrived at a stream, without waiting; empty at its end, nothing if there is nothing.
inline std::optional<std::string> read_now(Stream& stream, Deadline deadline = at_once) {
    std::string bytes(1 << 20, '\0');
    const auto size = stream.read_some(bytes, deadline);
    if (!size) return std::nullopt;
    bytes.resize(*size);
    return bytes;
}

/// A copy of the next message.
inline std::optional<std::string> receive(jsocket::JsonSocket& socket,
                                          Deadline deadline = deadline_after(patience)) {
    const auto payload = socket.receive(deadline);
    return payload ? std::optional<std::string>(*payload) : std::nullopt;
}

class SocketFixture : public ::testing::Test {
  protected:
    SocketFixture() { open({}); }

    void open(const SocketOptions& options, std::size_t capacity = 1 << 20) {
        auto [near, other] = jsocket::testing::pipe(capacity);
        socket = std::make_unique<jsocket::JsonSocket>(std::move(near), options);
        far = std::move(other);
    }

    void open(const SocketOptions& options, FaultPlan& plan, std::size_t capacity = 1 << 20) {
        auto [near, other] = jsocket::testing::pipe(capacity);
        socket = std::make_unique<jsocket::JsonSocket>(
            std::make_unique<FaultyStream>(std::move(near), plan), options);
        far = std::move(other);
    }

    void write(std::string_view bytes) { far->write_all(bytes, patience); }

    /// Nothing can be sent or received any more, and the peer reads the end after the last close.
    void expect_closed() {
        EXPECT_FALSE(socket->connected());
        EXPECT_THROW(socket->send_payload("1"), jsocket::ConnectionError);
        EXPECT_THROW(socket->receive(at_once), jsocket::ConnectionError);
        socket->close();
        EXPECT_EQ(read_now(*far), "");
    }

    /// The connection carries messages both ways, and nothing else is on its way.
    void expect_usable() {
        const Framing framing = socket->options().framing;
        EXPECT_TRUE(socket->connected());
        socket->send_payload("[\"out\"]");
        EXPECT_EQ(read_now(*far), frame(framing, "[\"out\"]"));
        write(frame(framing, "[\"in\"]"));
        EXPECT_EQ(receive(*socket), "[\"in\"]");
    }

    std::unique_ptr<jsocket::JsonSocket> socket;
    std::unique_ptr<Stream> far;
};

}  // namespace socket_tests
