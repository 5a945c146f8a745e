// SPDX-License-Identifier: Apache-2.0
#include "client/client_fixture.hpp"

#include <limits>

/// Typed errors, and what is left of the connection after each.
namespace {

using namespace client_tests;
using jsocket::ConnectionClosed;
using jsocket::ConnectionError;
using jsocket::FramingError;
using jsocket::PayloadError;
using jsocket::TimeoutError;

const jsocket::Limits small{.max_message_size = 100, .max_depth = 3, .max_elements = 5};

class JsonClientErrors : public ClientFixture {
  protected:
    /// What reading `bytes` leads to; the client is closed after it, and connects again.
    template <typename E>
    typename E::Kind kind_of_bad_reply(Framing framing, const std::string& bytes) {
        connect({.framing = framing, .limits = small});
        server.send(frame(framing, "\"good\"") + bytes);
        EXPECT_EQ(client->read_obj(), "good");
        const auto error = error_of<E>([&] { client->read_obj(); });
        EXPECT_FALSE(error->connection_usable());
        expect_closed();
        reconnect();
        expect_usable();
        return error->kind();
    }

    FramingError::Kind framing_error(Framing framing, const std::string& bytes) {
        return kind_of_bad_reply<FramingError>(framing, bytes);
    }

    PayloadError::Kind payload_error(const std::string& payload) {
        return kind_of_bad_reply<PayloadError>(Framing::prefix, prefix_frame(payload));
    }
};

TEST_F(JsonClientErrors, ABadMagicCloses) {
    EXPECT_EQ(framing_error(Framing::crc, prefix_frame("[1]")), FramingError::Kind::bad_header);
}

TEST_F(JsonClientErrors, ABadChecksumCloses) {
    std::string bytes = crc_frame("[1]");
    bytes.back() = '}';
    EXPECT_EQ(framing_error(Framing::crc, bytes), FramingError::Kind::bad_checksum);
}

TEST_F(JsonClientErrors, AnOversizeReplyCloses) {
    EXPECT_EQ(framing_error(Framing::prefix, big_endian(101)), FramingError::Kind::oversize);
    EXPECT_EQ(framing_error(Framing::crc, "JSN1" + big_endian(101)), FramingError::Kind::oversize);
    EXPECT_EQ(framing_error(Framing::lines, std::string(101, '1') + "\n"),
              FramingError::Kind::oversize);
}

TEST_F(JsonClientErrors, AReplyThatIsNotJsonCloses) {
    for (const char* payload : {"", "{", "NaN", "[1] x", "{'a':1}", "\"\t\""}) {
        EXPECT_EQ(payload_error(payload), PayloadError::Kind::invalid_json) << payload;
    }
}

TEST_F(JsonClientErrors, AReplyThatIsNotUtf8Closes) {
    EXPECT_EQ(payload_error("\"\xff\""), PayloadError::Kind::invalid_utf8);
}

TEST_F(JsonClientErrors, AReplyThatIsTooDeepCloses) {
    EXPECT_EQ(payload_error(nested(4)), PayloadError::Kind::too_deep);
    connect({.limits = small});
    server.send(prefix_frame(nested(3)));
    EXPECT_EQ(client->read_obj().dump(), nested(3));
}

TEST_F(JsonClientErrors, AReplyThatIsTooComplexCloses) {
    EXPECT_EQ(payload_error("[1,2,3,4,5]"), PayloadError::Kind::too_complex);
    connect({.limits = small});
    server.send(prefix_frame("[1,2,3,4]"));
    EXPECT_EQ(client->read_obj().size(), 4u);
}

TEST_F(JsonClientErrors, ABadReplyToTryReadObjCloses) {
    connect();
    server.send(prefix_frame("{"));
    EXPECT_THROW(client->try_read_obj(patience), PayloadError);
    expect_closed();
}

TEST_F(JsonClientErrors, AServerThatLeavesBetweenMessagesIsNotedWhenReading) {
    connect();
    server.close();
    const auto error = error_of<ConnectionClosed>([&] { client->read_obj(); });
    EXPECT_FALSE(error->mid_message());
    EXPECT_THAT(error->what(), HasSubstr("socket connection broken"));
    expect_closed();
}

TEST_F(JsonClientErrors, AServerThatLeavesWithinAMessageIsToldApart) {
    for (const Framing framing : all_framings) {
        const std::string bytes = frame(framing, "[1]");
        for (const std::size_t begun : {std::size_t(1), bytes.size() - 1}) {
            connect({.framing = framing});
            server.send(bytes.substr(0, begun));
            server.close();
            const auto error = error_of<ConnectionClosed>([&] { client->read_obj(); });
            EXPECT_TRUE(error->mid_message());
            EXPECT_THAT(error->what(), HasSubstr("socket connection broken"));
            expect_closed();
        }
    }
}

TEST_F(JsonClientErrors, AServerThatLeavesIsNotedWhenSending) {
    connect();
    server.reset();
    const bool noted = wait_until([&] {
        try {
            client->send_obj(1);
            return false;
        } catch (const ConnectionError& error) {
            EXPECT_THAT(error.what(), HasSubstr("socket connection broken"));
            return true;
        }
    });
    EXPECT_TRUE(noted);
    expect_closed();
}

TEST_F(JsonClientErrors, AResetIsAConnectionErrorWithItsCode) {
    connect();
    server.reset();
    const auto error = error_of<ConnectionError>([&] { client->read_obj(); });
    EXPECT_EQ(error->code(), std::errc::connection_reset);
    EXPECT_THAT(error->what(), HasSubstr("socket connection broken"));
    expect_closed();
}

TEST_F(JsonClientErrors, SilenceWithinAReplyCloses) {
    connect({.recv_timeout = 30ms});
    server.send(prefix_frame("[1]").substr(0, 5));
    const auto error = error_of<TimeoutError>([&] { client->read_obj(); });
    EXPECT_FALSE(error->connection_usable());
    expect_closed();
}

TEST_F(JsonClientErrors, AReplyOfWhichAByteComesNowAndThenClosesAtTheMessageDeadline) {
    connect({.recv_timeout = patience, .message_deadline = 100ms});
    auto drip = std::async(std::launch::async, [&] {
        try {
            for (const char byte : prefix_frame('"' + std::string(1'000, 'x') + '"')) {
                server.send({&byte, 1});
                // The client says nothing, which is what paces this, until it closes.
                if (server.readable(10ms)) return;
            }
        } catch (const std::system_error&) {
            // It was closed, as it should be.
        }
    });
    Stopwatch watch;
    EXPECT_THROW(client->read_obj(), TimeoutError);
    EXPECT_GE(watch.elapsed(), 90ms);
    EXPECT_LT(watch.elapsed(), patience);
    drip.get();
    expect_closed();
}

TEST_F(JsonClientErrors, AServerThatDoesNotReadTimesOutSendingAndCloses) {
    connect({.limits = {.max_message_size = 100 << 20}, .send_timeout = 30ms});
    Stopwatch watch;
    const auto error =
        error_of<TimeoutError>([&] { client->send_payload(std::string(64 << 20, '1')); });
    EXPECT_GE(watch.elapsed(), 29ms);
    EXPECT_FALSE(error->connection_usable());
    EXPECT_FALSE(client->connected());
}

TEST_F(JsonClientErrors, AMessageThatCannotBeSentLeavesTheConnectionUsable) {
    const std::vector<json> bad = {std::string(99, 'x'),
                                   std::numeric_limits<double>::quiet_NaN(),
                                   -std::numeric_limits<double>::infinity(),
                                   "\xff",
                                   {{"\xff", 1}},
                                   json::parse("[[[[]]]]"),
                                   json::parse("[1,2,3,4,5]")};
    for (const Framing framing : all_framings) {
        connect({.framing = framing, .limits = small});
        for (const json& message : bad) {
            const auto error = error_of<jsocket::UsageError>([&] { client->send_obj(message); });
            EXPECT_TRUE(error->connection_usable());
            EXPECT_THROW(client->request(message), jsocket::UsageError);
            expect_usable();
        }
        EXPECT_THROW(client->send_payload(std::string(101, '1')), jsocket::MessageTooLarge);
        expect_usable();
        client->send_payload(std::string(100, '1'));
        EXPECT_EQ(server.receive(frame(framing, std::string(100, '1')).size()),
                  frame(framing, std::string(100, '1')));
    }
}

}  // namespace
