// SPDX-License-Identifier: Apache-2.0
#include "core/test_data.hpp"
#include "framing/model.hpp"
#include "framing/streams.hpp"

#include <jsocket/framing/frame_reader.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::framing {
namespace {

using test::big_endian;
using test::crc_frame;
using test::feed;
using test::prefix_frame;

constexpr std::size_t ten_mebibytes = 10 * 1024 * 1024;

/// More than enough for a connection that is idle or reads small messages.
constexpr std::size_t small = 64 * 1024;

std::string encoded(Framing framing, std::string_view payload) {
    std::string out;
    make_codec(framing, 1'000)->encode(payload, out);
    return out;
}

TEST(MakeCodec, MakesTheCodecOfEachFormat) {
    EXPECT_EQ(encoded(Framing::prefix, "{}"), prefix_frame("{}"));
    EXPECT_EQ(encoded(Framing::crc, "{}"), crc_frame("{}"));
    EXPECT_EQ(encoded(Framing::lines, "{}"), "{}\n");
}

TEST(MakeCodec, MakesThatOfAClientsDefaultWhileNothingIsDetected) {
    EXPECT_EQ(encoded(Framing::automatic, "{}"), prefix_frame("{}"));
}

TEST(MakeCodec, PassesTheLimitOn) {
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        const std::string five = encoded(framing, "12345");
        EXPECT_TRUE(make_codec(framing, 5)->decode(five));
        EXPECT_THROW(make_codec(framing, 4)->decode(five), FramingError);
    }
}

TEST(FrameReader, AlwaysHasRoom) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    EXPECT_FALSE(reader.prepare().empty());
    EXPECT_FALSE(reader.prepare().empty());
    for (int i = 0; i < 20; ++i) {
        const std::span<char> space = reader.prepare();
        ASSERT_FALSE(space.empty());
        std::memset(space.data(), 0, space.size());
        reader.commit(space.size());
        while (reader.next()) {
        }
    }
}

TEST(FrameReader, TakesACommitOfNothing) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    EXPECT_FALSE(reader.next());
    reader.prepare();
    reader.commit(0);
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.mid_message());
}

TEST(FrameReader, GivesOutSeveralMessagesOfOneCommit) {
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        FrameReader reader(framing, ten_mebibytes);
        std::string stream;
        for (int i = 0; i < 50; ++i) stream += encoded(framing, std::to_string(i));
        feed(reader, stream);
        for (int i = 0; i < 50; ++i) EXPECT_EQ(reader.next(), std::to_string(i));
        EXPECT_FALSE(reader.next());
        EXPECT_FALSE(reader.mid_message());
    }
}

TEST(FrameReader, KeepsPayloadsUntilRoomIsPreparedForMore) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    feed(reader, prefix_frame("\"first\"") + prefix_frame("\"second\"") + prefix_frame("\"cut\""));
    const auto first = reader.next();
    const auto second = reader.next();
    const auto third = reader.next();
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(first, "\"first\"");
    EXPECT_EQ(second, "\"second\"");
    EXPECT_EQ(third, "\"cut\"");
}

TEST(FrameReader, KeepsTheBeginningOfAMessageWhenRoomIsPrepared) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    const std::string large = test::repeated("0123456789", 299'990);
    const std::string stream = prefix_frame("1") + prefix_frame(large) + prefix_frame("2");
    feed(reader, std::string_view(stream).substr(0, 12));
    EXPECT_EQ(reader.next(), "1");
    for (std::size_t i = 12; i < stream.size(); i += 100'000) {
        EXPECT_FALSE(reader.next());
        feed(reader, std::string_view(stream).substr(i, 100'000));
    }
    EXPECT_TRUE(reader.next() == large);
    EXPECT_EQ(reader.next(), "2");
}

TEST(FrameReader, GrowsWithWhatHasArrivedAndNotWithWhatIsClaimed) {
    for (const std::string& header :
         {big_endian(ten_mebibytes), "JSN1" + big_endian(ten_mebibytes) + "0000"}) {
        FrameReader reader(Framing::automatic, ten_mebibytes);
        feed(reader, header + std::string(100, 'a'));
        EXPECT_FALSE(reader.next());
        EXPECT_TRUE(reader.mid_message());
        reader.prepare();
        EXPECT_LE(reader.capacity(), small);
        std::size_t arrived = header.size() + 100;
        for (; arrived < ten_mebibytes / 2; arrived += 1'000) {
            feed(reader, std::string(1'000, 'a'));
            EXPECT_FALSE(reader.next());
            ASSERT_LE(reader.capacity(), std::max(small, 3 * arrived));
        }
        EXPECT_GE(reader.capacity(), arrived);
    }
}

TEST(FrameReader, TakesLittleMemoryWhileIdle) {
    FrameReader reader(Framing::automatic, ten_mebibytes);
    EXPECT_LE(reader.capacity(), small);
    reader.prepare();
    EXPECT_LE(reader.capacity(), small);
}

TEST(FrameReader, GivesMemoryBackWhenTold) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    const std::string frame = prefix_frame(std::string(ten_mebibytes, 'a'));
    feed(reader, frame);
    ASSERT_TRUE(reader.next());
    reader.release();
    EXPECT_EQ(reader.capacity(), 0u);
    feed(reader, frame.substr(0, 100'000));
    reader.release();  // in the middle of a message
    EXPECT_GE(reader.capacity(), 100'000u);
    feed(reader, frame.substr(100'000));
    EXPECT_TRUE(reader.next());
}

TEST(FrameReader, KeepsABigBufferUntilMessagesAreMuchSmaller) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    feed(reader, prefix_frame(std::string(ten_mebibytes, 'a')));
    ASSERT_TRUE(reader.next());
    const std::size_t capacity = reader.capacity();
    EXPECT_GE(capacity, ten_mebibytes);
    feed(reader, prefix_frame(std::string(ten_mebibytes / 2, 'a')));
    ASSERT_TRUE(reader.next());
    reader.prepare();
    EXPECT_EQ(reader.capacity(), capacity);
    feed(reader, prefix_frame("1"));
    ASSERT_TRUE(reader.next());
    reader.prepare();
    EXPECT_LE(reader.capacity(), small);
}

TEST(FrameReader, ReceivesMoreAtOnceFromAPeerThatFillsTheBuffer) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    for (int i = 0; i < 10; ++i) {
        const std::size_t room = reader.prepare().size();
        feed(reader, std::string(room, '\0'));  // empty messages
        while (reader.next()) continue;
    }
    EXPECT_EQ(reader.capacity(), 64u * 1024);
}

TEST(FrameReader, KeepsItsBufferBetweenMessagesOfAUsualSize) {
    FrameReader reader(Framing::prefix, ten_mebibytes);
    const std::string frame = prefix_frame(std::string(20'000, 'a'));
    feed(reader, frame);
    ASSERT_TRUE(reader.next());
    const std::size_t capacity = reader.capacity();
    for (int i = 0; i < 10; ++i) {
        feed(reader, frame);
        ASSERT_TRUE(reader.next());
        EXPECT_EQ(reader.capacity(), capacity);
    }
}

TEST(FrameReader, KnowsWhetherAMessageIsIncomplete) {
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        FrameReader reader(framing, ten_mebibytes);
        const std::string frame = encoded(framing, "[1,2,3]");
        for (std::size_t i = 0; i < frame.size(); ++i) {
            EXPECT_EQ(reader.mid_message(), i > 0) << to_string(framing) << ' ' << i;
            feed(reader, {&frame[i], 1});
            EXPECT_EQ(reader.next().has_value(), i + 1 == frame.size());
        }
        EXPECT_FALSE(reader.mid_message());
    }
}

TEST(FrameReader, KnowsABareHeader) {
    FrameReader prefix(Framing::prefix, ten_mebibytes);
    EXPECT_FALSE(prefix.bare_header());
    const std::string payload(100, 'a');
    feed(prefix, prefix_frame(payload).substr(0, 4));
    EXPECT_FALSE(prefix.next());
    EXPECT_TRUE(prefix.bare_header());
    feed(prefix, payload.substr(0, 50));
    EXPECT_FALSE(prefix.next());
    EXPECT_FALSE(prefix.bare_header());
    feed(prefix, payload.substr(50));
    EXPECT_TRUE(prefix.next());
    EXPECT_FALSE(prefix.bare_header());
}

TEST(FrameReader, KnowsABareHeaderBehindAMessage) {
    FrameReader reader(Framing::crc, ten_mebibytes);
    feed(reader, crc_frame("{}") + crc_frame(std::string(100, 'a')).substr(0, 12));
    EXPECT_EQ(reader.next(), "{}");
    EXPECT_FALSE(reader.next());
    EXPECT_TRUE(reader.bare_header());
}

TEST(FrameReader, SaysWhichFormatTheConnectionSpeaks) {
    for (const Framing framing : {Framing::prefix, Framing::crc, Framing::lines}) {
        EXPECT_EQ(FrameReader(framing, ten_mebibytes).framing(), framing);
        FrameReader reader(Framing::automatic, ten_mebibytes);
        EXPECT_EQ(reader.framing(), Framing::automatic);
        EXPECT_FALSE(reader.next());
        feed(reader, encoded(framing, "{}"));
        EXPECT_EQ(reader.next(), "{}");
        EXPECT_EQ(reader.framing(), framing);
    }
}

TEST(FrameReader, GivesOutTheMessagesBeforeABadOne) {
    FrameReader reader(Framing::crc, ten_mebibytes);
    feed(reader, crc_frame("1") + crc_frame("2") + "nonsense");
    EXPECT_EQ(reader.next(), "1");
    EXPECT_EQ(reader.next(), "2");
    EXPECT_THROW(reader.next(), FramingError);
}

}  // namespace
}  // namespace jsocket::framing
