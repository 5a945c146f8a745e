// SPDX-License-Identifier: Apache-2.0
#include "support/error_of.hpp"

#include <jsocket/error.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/transcript.hpp>

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace {

using jsocket::json;
using jsocket::testing::Direction;
using jsocket::testing::Mismatch;
using jsocket::testing::ProxyEvent;
using jsocket::testing::Transcript;
using jsocket::testing::TranscriptEvent;
using test_support::error_of;
using Kind = TranscriptEvent::Kind;

/// A conversation with all that there may be.
Transcript everything() {
    std::string all_bytes;
    for (int c = 0; c < 256; ++c) all_bytes += static_cast<char>(c);
    Transcript transcript;
    transcript.add(TranscriptEvent{});
    transcript.add({.kind = Kind::message, .message = {{"b", 1.5}, {"a", "\u00e9"}}});
    transcript.add({.kind = Kind::message, .direction = Direction::down, .message = nullptr});
    transcript.add(TranscriptEvent{.connection = 12});
    transcript.add({.kind = Kind::bytes, .connection = 12, .bytes = all_bytes});
    transcript.add({.kind = Kind::close, .direction = Direction::down});
    transcript.add({.kind = Kind::close, .connection = 12});
    return transcript;
}

std::string mismatch_of(const std::string& expected, const std::string& got) {
    return error_of<Mismatch>([&] { Transcript::parse(got).verify(Transcript::parse(expected)); })
        ->what();
}

std::string problem_of(const std::string& text) {
    return error_of<jsocket::UsageError>([&] { Transcript::parse(text); })->what();
}

TEST(Transcript, IsReadableText) {
    Transcript transcript = everything();
    std::string text = transcript.text();
    const std::size_t bytes = text.find(" bytes ");
    EXPECT_EQ(text.substr(0, bytes),
              "connect\n"
              "> {\"a\":\"\u00e9\",\"b\":1.5}\n"
              "< null\n"
              "12 connect\n"
              "12 >");
    EXPECT_EQ(text.substr(text.find('\n', bytes)), "\n< close\n12 > close\n");
    Transcript request;
    request.add({.kind = Kind::bytes, .bytes = "GET /\r\n\xff"});
    EXPECT_EQ(request.text(), "> bytes \"GET /\\r\\n\\u00ff\"\n");
}

TEST(Transcript, IsReadAsItWasWritten) {
    std::stringstream file;
    file << everything();
    const Transcript read = Transcript::read(file);
    EXPECT_EQ(read, everything());
    EXPECT_EQ(read.text(), everything().text());
    EXPECT_EQ(Transcript::parse(""), Transcript());
}

TEST(Transcript, PassesOverEmptyLinesAndComments) {
    EXPECT_EQ(Transcript::parse("# a talk\n\nconnect\r\n> 1").text(), "connect\n> 1\n");
}

TEST(Transcript, ThatIsWrongIsRefusedWithItsLine) {
    EXPECT_EQ(problem_of("connect\nhello"),
              "line 2: expected `connect`, or `> ` or `< ` and what was sent");
    EXPECT_EQ(problem_of("> {").substr(0, 8), "line 1: ");
    EXPECT_EQ(problem_of("2>1"), "line 1: expected a space behind the number");
    EXPECT_EQ(problem_of("99999999999999999999 > 1"),
              "line 1: the number of the connection is too big");
    EXPECT_EQ(problem_of("> bytes 5"), "line 1: bytes must be a JSON string");
    EXPECT_EQ(problem_of("> bytes \"\\u0100\""), "line 1: bytes must be characters up to \\u00ff");
    EXPECT_THROW(Transcript::parse("> bytes \"\\u20ac\""), jsocket::UsageError);
    EXPECT_THROW(Transcript::parse("0 > 1"), jsocket::UsageError);
}

TEST(Transcript, ComparesMessagesAsJson) {
    EXPECT_EQ(Transcript::parse("> {\"a\":1,\"b\":[2.0]}"),
              Transcript::parse("> { \"b\": [2], \"a\": 1 }"));
    EXPECT_FALSE(Transcript::parse("> 1") == Transcript::parse("< 1"));
    EXPECT_FALSE(Transcript::parse("> 1") == Transcript::parse("2 > 1"));
    EXPECT_FALSE(Transcript::parse("> 1") == Transcript::parse("> 1\n> 1"));
    EXPECT_NO_THROW(everything().verify(everything()));
}

TEST(Transcript, TellsWhereItFirstDiffers) {
    EXPECT_EQ(
        mismatch_of("connect\n> {\"a\":{\"b\":[1,2]}}\n> 3", "connect\n> {\"a\":{\"b\":[1,5]}}"),
        "line 2: expected > {\"a\":{\"b\":[1,2]}}, got > {\"a\":{\"b\":[1,5]}}\n"
        "at /a/b/1: there is 5 instead of 2");
    EXPECT_EQ(mismatch_of("> 1", "< 1"), "line 1: expected > 1, got < 1");
    EXPECT_EQ(mismatch_of("> 1", "> close"), "line 1: expected > 1, got > close");
    EXPECT_EQ(mismatch_of("> 1\n> 2", "> 1"), "line 2: expected > 2, got the end");
    EXPECT_EQ(mismatch_of("", "2 connect"), "line 1: expected the end, got 2 connect");
}

TEST(Transcript, HasTheMessagesOfADirectionAndAConnectionByItself) {
    const Transcript both = Transcript::parse("> 1\n2 > 2\n< 3\n2 < 4\n> bytes \"x\"\n2 > close");
    EXPECT_EQ(both.messages(Direction::up), (std::vector<json>{1, 2}));
    EXPECT_EQ(both.messages(Direction::down), (std::vector<json>{3, 4}));
    EXPECT_EQ(both.connection(2).text(), "> 2\n< 4\n> close\n");
    EXPECT_EQ(both.connection(3), Transcript());
}

TEST(Transcript, OfAProxyHasOneEndOfEachConnection) {
    using Seen = ProxyEvent::Kind;
    Transcript transcript;
    transcript.add(ProxyEvent{.kind = Seen::connect, .connection = 1});
    transcript.add(ProxyEvent{.kind = Seen::message, .connection = 1, .bytes = " [1]"});
    transcript.add(ProxyEvent{.kind = Seen::message, .connection = 1, .bytes = "no JSON"});
    transcript.add(ProxyEvent{.kind = Seen::finish, .connection = 1, .direction = Direction::down});
    transcript.add(ProxyEvent{.kind = Seen::finish, .connection = 1});
    transcript.add(ProxyEvent{.kind = Seen::finish, .connection = 2});
    transcript.add(ProxyEvent{.kind = Seen::close, .connection = 1});
    EXPECT_EQ(transcript.text(), "connect\n> [1]\n> bytes \"no JSON\"\n< close\n2 > close\n");
}

}  // namespace
