// SPDX-License-Identifier: Apache-2.0
#include "testing/message_finder.hpp"

#include "support/wire.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using jsocket::Framing;
using jsocket::testing::MessageFinder;
using test_support::crc_frame;
using test_support::line_frame;
using test_support::prefix_frame;
using Kind = MessageFinder::Kind;

struct Found {
    Kind kind;
    std::string bytes;
    bool operator==(const Found&) const = default;
};

/// What is found in `stream` when it comes in pieces of `step` bytes; all sizes together with what
/// is left are that of the stream, or the test fails.
std::vector<Found> find(std::string_view stream, std::size_t step,
                        Framing framing = Framing::automatic) {
    MessageFinder finder(framing, 1000);
    std::vector<Found> all;
    std::size_t size = 0;
    for (std::size_t at = 0; at < stream.size(); at += step) {
        finder.add(stream.substr(at, step));
        while (const auto found = finder.next()) {
            size += found->size;
            if (found->kind == Kind::blank) continue;
            const bool goes_on =
                found->kind == Kind::other && !all.empty() && all.back().kind == Kind::other;
            if (!goes_on) all.push_back({found->kind, ""});
            all.back().bytes += found->bytes;
        }
    }
    EXPECT_EQ(size + finder.rest().size(), stream.size());
    if (!finder.rest().empty()) all.push_back({Kind::other, std::string(finder.rest())});
    return all;
}

TEST(MessageFinder, FindsMessagesOfEveryFramingInPiecesOfAnySize) {
    for (const auto& frame : {prefix_frame, crc_frame, line_frame}) {
        const std::string stream = frame("[1]") + frame("{}") + frame("2");
        for (std::size_t step = 1; step <= stream.size(); ++step) {
            EXPECT_EQ(find(stream, step),
                      (std::vector<Found>{
                          {Kind::message, "[1]"}, {Kind::message, "{}"}, {Kind::message, "2"}}));
        }
    }
}

TEST(MessageFinder, PassesOverBlankLines) {
    const std::string stream = "\n \r\n1\r\n\n\n2\n";
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        EXPECT_EQ(find(stream, step),
                  (std::vector<Found>{{Kind::message, "1"}, {Kind::message, "2"}}));
    }
}

TEST(MessageFinder, LosesNoByteOfWhatIsNoMessage) {
    const std::string broken = crc_frame("1") + "JSN2 and more" + crc_frame("2");
    const std::string http = "POST / HTTP/1.1\r\n\r\n{}\n";
    for (std::size_t step = 1; step <= broken.size(); ++step) {
        EXPECT_EQ(find(broken, step),
                  (std::vector<Found>{{Kind::message, "1"}, {Kind::other, broken.substr(13)}}));
        EXPECT_EQ(find(http, step), (std::vector<Found>{{Kind::other, http}}));
    }
}

TEST(MessageFinder, HoldsNothingOfWhatIsNoMessage) {
    MessageFinder finder(Framing::automatic, 1000);
    for (const char* bytes : {"POST /", " HTTP/1.1"}) {
        finder.add(bytes);
        const auto found = finder.next();
        ASSERT_TRUE(found);
        EXPECT_EQ(found->kind, Kind::other);
        EXPECT_EQ(found->bytes, bytes);
        EXPECT_EQ(finder.rest(), "");
    }
}

TEST(MessageFinder, KeepsTheRestOfAMessageThatIsNotWhole) {
    const std::string stream = prefix_frame("1") + prefix_frame("[2]").substr(0, 6);
    EXPECT_EQ(find(stream, 4),
              (std::vector<Found>{{Kind::message, "1"}, {Kind::other, stream.substr(5)}}));
}

TEST(MessageFinder, TakesAMessageBeyondTheLimitForBytesThatAreNone) {
    const std::string fits = '"' + std::string(998, 'x') + '"';
    const std::string too_long = '"' + std::string(999, 'x') + '"';
    EXPECT_EQ(find(prefix_frame(fits), 2000), (std::vector<Found>{{Kind::message, fits}}));
    EXPECT_EQ(find(prefix_frame(too_long), 2000),
              (std::vector<Found>{{Kind::other, prefix_frame(too_long)}}));
}

TEST(MessageFinder, TakesItsWordForTheFraming) {
    EXPECT_EQ(find("1\n", 2, Framing::crc), (std::vector<Found>{{Kind::other, "1\n"}}));
}

}  // namespace
