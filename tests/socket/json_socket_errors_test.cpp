// SPDX-License-Identifier: Apache-2.0
#include "socket/json_socket_fixture.hpp"

#include <gmock/gmock.h>

#include <future>
#include <limits>
#include <vector>

/// Typed errors, and what is left of the connection after each.
namespace {

using namespace socket_tests;
using jsocket::ConnectionClosed;
using jsocket::ConnectionError;
using jsocket::FramingError;
using jsocket::PayloadError;
using jsocket::TimeoutError;

class JsonSocketErrors : public SocketFixture {
  protected:
    FramingError::Kind framing_error_of(Framing framing, std::string_view bytes) {
        open({.framing = framing, .limits = {.max_message_size = 100}});
        write(bytes);
        const auto error = error_of<FramingError>([&] { receive(*socket); });
        EXPECT_FALSE(error->connection_usable());
        return error->kind();
    }
};

TEST_F(JsonSocketErrors, ABadHeaderCloses) {
    EXPECT_EQ(framing_error_of(Framing::crc, "JSN2"), FramingError::Kind::bad_header);
    expect_closed();
    EXPECT_EQ(framing_error_of(Framing::automatic, "GET / HTTP/1.1\r\n"),
              FramingError::Kind::bad_header);
    expect_closed();
}

TEST_F(JsonSocketErrors, ABadChecksumCloses) {
    std::string bytes = crc_frame("[1]");
    bytes.back() = '}';
    EXPECT_EQ(framing_error_of(Framing::crc, bytes), FramingError::Kind::bad_checksum);
    expect_closed();
}

TEST_F(JsonSocketErrors, AnOversizeHeaderClosesBeforeItsPayloadArrives) {
    EXPECT_EQ(framing_error_of(Framing::prefix, big_endian(101)), FramingError::Kind::oversize);
    expect_closed();
    EXPECT_EQ(framing_error_of(Framing::crc, crc_frame(std::string(101, '1')).substr(0, 12)),
              FramingError::Kind::oversize);
    expect_closed();
    EXPECT_EQ(framing_error_of(Framing::lines, std::string(102, '1')),
              FramingError::Kind::oversize);
    expect_closed();
}

TEST_F(JsonSocketErrors, TextThatCannotBeJsonClosesInAutomaticFraming) {
    open({.framing = Framing::automatic});
    write("POST / HTTP/1.1\r\n");
    const auto error = error_of<PayloadError>([&] { receive(*socket); });
    EXPECT_EQ(error->kind(), PayloadError::Kind::invalid_json);
    expect_closed();
}

TEST_F(JsonSocketErrors, GoodMessagesBeforeABadOneAreReceived) {
    open({.framing = Framing::crc});
    write(crc_frame("1") + crc_frame("2") + "JSNx");
    EXPECT_EQ(receive(*socket), "1");
    EXPECT_EQ(receive(*socket), "2");
    EXPECT_THROW(receive(*socket), FramingError);
}

TEST_F(JsonSocketErrors, WhatCameBeforeABadMessageCanStillBeAnswered) {
    open({.framing = Framing::crc});
    write(crc_frame("1") + "JSNx");
    EXPECT_EQ(receive(*socket), "1");
    socket->queue_payload("\"reply\"");
    EXPECT_THROW(socket->receive_buffered(), FramingError);
    socket->flush();
    EXPECT_EQ(read_now(*far), crc_frame("\"reply\""));
    EXPECT_THROW(receive(*socket), FramingError);
    expect_closed();
}

TEST_F(JsonSocketErrors, NothingWithinTheDeadlineIsNoErrorAndALateMessageIsReceived) {
    Stopwatch watch;
    EXPECT_EQ(receive(*socket, deadline_after(20ms)), std::nullopt);
    EXPECT_GE(watch.elapsed(), 19ms);
    EXPECT_EQ(receive(*socket, at_once), std::nullopt);
    EXPECT_TRUE(socket->connected());
    write(prefix_frame("\"late\""));
    EXPECT_EQ(receive(*socket, at_once), "\"late\"");
    expect_usable();
}

TEST_F(JsonSocketErrors, BlankLinesAreNoBeginningOfAMessage) {
    open({.framing = Framing::lines, .recv_timeout = 1ms});
    write("\n\r\n \n");
    EXPECT_EQ(receive(*socket, deadline_after(20ms)), std::nullopt);
    expect_usable();
}

TEST_F(JsonSocketErrors, SilenceWithinAMessageCloses) {
    for (const Framing framing : all_framings) {
        const std::string bytes = frame(framing, "{\"a\":1}");
        for (const std::size_t begun : {std::size_t(1), bytes.size() - 1}) {
            open({.framing = framing, .recv_timeout = 20ms});
            write(bytes.substr(0, begun));
            Stopwatch watch;
            const auto error = error_of<TimeoutError>([&] { receive(*socket); });
            EXPECT_FALSE(error->connection_usable());
            EXPECT_GE(watch.elapsed(), 19ms);
            EXPECT_LT(watch.elapsed(), patience);
            expect_closed();
        }
    }
}

/// Gives one piece with each read, and notes until when it might have waited for it.
class PieceByPiece : public Stream {
  public:
    PieceByPiece(std::vector<std::string> pieces, std::vector<Deadline>& deadlines)
        : pieces_(std::move(pieces)), deadlines_(deadlines) {}

    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override {
        deadlines_.push_back(deadline);
        if (next_ == pieces_.size()) return 0;
        return pieces_[next_++].copy(space.data(), space.size());
    }
    void write_all(std::string_view, jsocket::Pace) override {}
    void interrupt() noexcept override {}
    void finish_writing() noexcept override {}
    void shutdown() noexcept override {}
    std::string peer() const override { return "pieces"; }

  private:
    const std::vector<std::string> pieces_;
    std::size_t next_ = 0;
    std::vector<Deadline>& deadlines_;
};

/// Sends blank lines, as many as anybody reads.
class BlankLines : public PieceByPiece {
  public:
    explicit BlankLines(std::vector<Deadline>& deadlines) : PieceByPiece({}, deadlines) {}

    std::optional<std::size_t> read_some(std::span<char> space, Deadline) override {
        space.front() = '\n';
        return 1;
    }
};

TEST_F(JsonSocketErrors, BlankLinesDoNotPutTheDeadlineOff) {
    std::vector<Deadline> unused;
    jsocket::JsonSocket blank(std::make_unique<BlankLines>(unused), {.framing = Framing::lines});
    const Stopwatch watch;
    EXPECT_EQ(blank.receive(deadline_after(20ms)), std::nullopt);
    EXPECT_GE(watch.elapsed(), 19ms);
}

TEST_F(JsonSocketErrors, TheMessageDeadlineHoldsForAWholeMessageAndBeginsAnewWithTheNext) {
    const std::string bytes = prefix_frame("[1]");
    std::vector<Deadline> until;
    jsocket::JsonSocket pieces(
        std::make_unique<PieceByPiece>(
            std::vector<std::string>{bytes.substr(0, 1), bytes.substr(1, 4), bytes.substr(5),
                                     bytes.substr(0, 5), bytes.substr(5)},
            until),
        {.recv_timeout = jsocket::no_timeout, .message_deadline = 1h, .min_receive_rate = 0});
    const Deadline idle = deadline_after(24h);
    const Deadline before = deadline_after(1h);
    EXPECT_EQ(receive(pieces, idle), "[1]");
    EXPECT_EQ(receive(pieces, idle), "[1]");
    ASSERT_EQ(until.size(), 5u);
    EXPECT_EQ(until[0], idle);
    EXPECT_GE(until[1], before);
    EXPECT_EQ(until[2], until[1]) << "progress must not prolong it";
    EXPECT_EQ(until[3], idle);
    EXPECT_GT(until[4], until[1]);
    EXPECT_LE(until[4], deadline_after(1h));
}

TEST_F(JsonSocketErrors, BytesPutTheMessageDeadlineOffButNeverBeyondItsLengthFromNow) {
    const std::string bytes = prefix_frame("[1]");
    std::vector<Deadline> until;
    jsocket::JsonSocket pieces(
        std::make_unique<PieceByPiece>(
            std::vector<std::string>{bytes.substr(0, 1), bytes.substr(1, 4), bytes.substr(5)},
            until),
        {.recv_timeout = jsocket::no_timeout, .message_deadline = 1h, .min_receive_rate = 2});
    EXPECT_EQ(receive(pieces, jsocket::no_deadline), "[1]");
    ASSERT_EQ(until.size(), 3u);
    EXPECT_GT(until[2], until[1]);
    EXPECT_LE(until[2], deadline_after(1h)) << "four bytes at two a second are two seconds";
}

TEST_F(JsonSocketErrors, AMessageThatHasBegunGoesOnInALaterReceive) {
    open({.recv_timeout = patience, .message_deadline = patience});
    const std::string bytes = prefix_frame("[1]");
    write(bytes.substr(0, 5));
    EXPECT_EQ(socket->receive(deadline_after(20ms)), std::nullopt);
    EXPECT_TRUE(socket->mid_message());
    write(bytes.substr(5));
    EXPECT_EQ(receive(*socket), "[1]");
    EXPECT_FALSE(socket->mid_message());
}

TEST_F(JsonSocketErrors, TheReceiveTimeoutGoesOnInALaterReceive) {
    open({.recv_timeout = 100ms, .message_deadline = patience});
    write(prefix_frame("[1]").substr(0, 5));
    const Stopwatch watch;
    error_of<TimeoutError>([&] {
        while (!socket->receive(deadline_after(30ms))) {
        }
    });
    EXPECT_GE(watch.elapsed(), 90ms);
}

TEST_F(JsonSocketErrors, TheMessageDeadlineMayBeTheEndOfTimeAtAnyRate) {
    const std::string bytes = prefix_frame("[1]");
    const auto nearly_for_ever = std::chrono::floor<std::chrono::milliseconds>(
        jsocket::no_deadline - std::chrono::steady_clock::now() - 1min);
    for (const std::chrono::milliseconds deadline : {jsocket::no_timeout, nearly_for_ever}) {
        std::vector<Deadline> until;
        jsocket::JsonSocket pieces(
            std::make_unique<PieceByPiece>(
                std::vector<std::string>{bytes.substr(0, 6), bytes.substr(6)}, until),
            {.recv_timeout = jsocket::no_timeout,
             .message_deadline = deadline,
             .min_receive_rate = 1});
        EXPECT_EQ(receive(pieces, jsocket::no_deadline), "[1]");
        ASSERT_EQ(until.size(), 2u);
        EXPECT_GT(until[1], deadline_after(24h));
    }
}

TEST_F(JsonSocketErrors, TheMessageDeadlineBeginsAnewWhenTheNextMessageHasBegunAlready) {
    const std::string bytes = prefix_frame("[1]");
    std::vector<Deadline> until;
    jsocket::JsonSocket pieces(
        std::make_unique<PieceByPiece>(
            std::vector<std::string>{bytes.substr(0, 5), bytes.substr(5) + bytes.substr(0, 5),
                                     bytes.substr(5)},
            until),
        {.recv_timeout = jsocket::no_timeout, .message_deadline = 1h});
    EXPECT_EQ(receive(pieces, jsocket::no_deadline), "[1]");
    EXPECT_EQ(receive(pieces, jsocket::no_deadline), "[1]");
    ASSERT_EQ(until.size(), 3u);
    EXPECT_GT(until[2], until[1]);
}

TEST_F(JsonSocketErrors, EachByteOfAMessageStartsTheReceiveTimeoutAnew) {
    const std::string bytes = prefix_frame("[1]");
    std::vector<Deadline> until;
    jsocket::JsonSocket pieces(
        std::make_unique<PieceByPiece>(
            std::vector<std::string>{bytes.substr(0, 1), bytes.substr(1, 4), bytes.substr(5)},
            until),
        {.recv_timeout = 1h, .message_deadline = 24h});
    EXPECT_EQ(receive(pieces, jsocket::no_deadline), "[1]");
    ASSERT_EQ(until.size(), 3u);
    EXPECT_GT(until[2], until[1]);
    EXPECT_LE(until[2], deadline_after(1h));
}

TEST_F(JsonSocketErrors, TheEndOfTheStreamBetweenMessagesIsAPoliteGoodbye) {
    write(prefix_frame("1"));
    far->finish_writing();
    EXPECT_EQ(receive(*socket), "1");
    const auto error = error_of<ConnectionClosed>([&] { receive(*socket); });
    EXPECT_FALSE(error->mid_message());
    EXPECT_FALSE(error->connection_usable());
    EXPECT_THAT(error->what(), testing::HasSubstr("socket connection broken"));
    EXPECT_FALSE(socket->connected());
}

TEST_F(JsonSocketErrors, TheEndOfTheStreamWithinAMessageIsToldApart) {
    for (const Framing framing : all_framings) {
        const std::string bytes = frame(framing, "{\"a\":1}");
        for (std::size_t begun = 1; begun < bytes.size(); ++begun) {
            open({.framing = framing});
            write(bytes.substr(0, begun));
            far->finish_writing();
            const auto error = error_of<ConnectionClosed>([&] { receive(*socket); });
            EXPECT_TRUE(error->mid_message());
            EXPECT_FALSE(socket->connected());
        }
    }
}

TEST_F(JsonSocketErrors, AResetIsAConnectionErrorWithItsCode) {
    FaultPlan plan(Fault::fail, 0);
    open({}, plan);
    const auto error = error_of<ConnectionError>([&] { receive(*socket); });
    EXPECT_EQ(error->code(), std::errc::connection_reset);
    EXPECT_THAT(error->what(), testing::HasSubstr("socket connection broken"));
    expect_closed();
}

TEST_F(JsonSocketErrors, APeerThatHasGoneBreaksSending) {
    far.reset();
    const auto error = error_of<ConnectionError>([&] { socket->send_payload("1"); });
    EXPECT_THAT(error->what(), testing::HasSubstr("socket connection broken"));
    EXPECT_FALSE(socket->connected());
}

TEST_F(JsonSocketErrors, APeerThatDoesNotReadTimesOutSendingAndCloses) {
    open({.send_timeout = 20ms}, 10);
    Stopwatch watch;
    const auto error = error_of<TimeoutError>([&] { socket->send_payload("\"0123456789\""); });
    EXPECT_GE(watch.elapsed(), 19ms);
    EXPECT_FALSE(error->connection_usable()) << "half a message is out";
    EXPECT_FALSE(socket->connected());
    EXPECT_EQ(read_now(*far)->size(), 10u);
    expect_closed();
}

TEST_F(JsonSocketErrors, ATooLargeMessageIsRefusedWithNothingSent) {
    for (const Framing framing : all_framings) {
        open({.framing = framing, .limits = {.max_message_size = 10}});
        const std::string payload = "\"" + std::string(9, 'x') + "\"";
        for (int way = 0; way < 3; ++way) {
            const auto error = error_of<jsocket::MessageTooLarge>([&] {
                if (way == 0) socket->send_payload(payload);
                if (way == 1) socket->queue_payload(payload);
                if (way == 2) socket->send_obj(std::string(9, 'x'));
            });
            EXPECT_EQ(error->size(), 11u);
            EXPECT_EQ(error->limit(), 10u);
            EXPECT_TRUE(error->connection_usable());
            EXPECT_EQ(read_now(*far), std::nullopt);
            expect_usable();
        }
    }
}

TEST_F(JsonSocketErrors, AMessageThatHasNoJsonTextIsRefusedWithNothingSent) {
    open({.limits = {.max_depth = 3, .max_elements = 5}});
    const json bad[] = {
        std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity(),
        {{"text", "\xff"}},
        json::binary({1, 2}),
        json::parse("[[[[]]]]"),
        json::parse("[1,2,3,4,5]"),
    };
    for (const json& message : bad) {
        const auto error = error_of<jsocket::UsageError>([&] { socket->send_obj(message); });
        EXPECT_TRUE(error->connection_usable());
        EXPECT_EQ(read_now(*far), std::nullopt);
        expect_usable();
    }
    socket->send_obj(json::parse("[[[]]]"));
    socket->send_obj(json::parse("[1,2,3,4]"));
    EXPECT_EQ(read_now(*far), prefix_frame("[[[]]]") + prefix_frame("[1,2,3,4]"));
}

TEST_F(JsonSocketErrors, ARefusedMessageLeavesQueuedOnesQueued) {
    open({.limits = {.max_message_size = 10}});
    socket->queue_payload("1");
    EXPECT_THROW(socket->send_obj(std::string(100, 'x')), jsocket::MessageTooLarge);
    socket->flush();
    EXPECT_EQ(read_now(*far), prefix_frame("1"));
}

}  // namespace
