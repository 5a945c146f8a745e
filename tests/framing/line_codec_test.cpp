// SPDX-License-Identifier: Apache-2.0
#include "core/test_data.hpp"
#include "framing/codec_check.hpp"
#include "framing/streams.hpp"

#include <jsocket/framing/frame_reader.hpp>
#include <jsocket/framing/line_codec.hpp>

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::framing {
namespace {

using Payloads = std::vector<std::string>;

std::string decoded_by_new(std::string_view bytes, std::size_t max_message_size = 1'000) {
    LineCodec codec(max_message_size);
    return test::decoded(codec, bytes);
}

test::Reading read(std::string_view stream, std::size_t max_message_size = 1'000) {
    return test::read_pieces(Framing::lines, max_message_size, {stream});
}

TEST(LineCodec, EndsThePayloadWithALineFeed) {
    EXPECT_EQ(test::encoded<LineCodec>("{\"a\": 1}"), "{\"a\": 1}\n");
    EXPECT_EQ(test::encoded<LineCodec>(""), "\n");
}

TEST(LineCodec, TurnsLineBreaksWithinThePayloadIntoSpaces) {
    EXPECT_EQ(test::encoded<LineCodec>("{\n  \"a\":\r\n 1\n}\n"), "{   \"a\":   1 } \n");
    EXPECT_EQ(test::encoded<LineCodec>("[\"\\n\"]"), "[\"\\n\"]\n");
}

TEST(LineCodec, LeavesWhatWasInTheOutputAsItWas) {
    std::string out = "a\nb\r\n";
    LineCodec(1'000).encode("1\n", out);
    EXPECT_EQ(out, "a\nb\r\n1 \n");
}

TEST(LineCodec, TakesOneLineAndSaysHowLongItWas) {
    LineCodec codec(1'000);
    const std::string bytes = "[1]\r\n2\n";
    const auto frame = codec.decode(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload, "[1]");
    EXPECT_EQ(frame->size, 5u);
    EXPECT_FALSE(frame->blank);
}

TEST(LineCodec, WaitsForTheEndOfTheLine) {
    for (const char* bytes : {"", "{}", "{}\r", " ", "\r"}) {
        EXPECT_EQ(decoded_by_new(bytes), "more") << bytes;
    }
}

TEST(LineCodec, DropsTheCarriageReturnBeforeALineFeedOnly) {
    EXPECT_EQ(read("1\n2\r\n3\r\r\na\rb\n\rc\r\n").payloads,
              (Payloads{"1", "2", "3\r", "a\rb", "\rc"}));
}

TEST(LineCodec, KeepsTheWhiteSpaceOfALine) {
    EXPECT_EQ(read(" 1 \t\n").payloads, Payloads{" 1 \t"});
}

TEST(LineCodec, PassesOverLinesOfNothingButWhiteSpace) {
    const test::Reading reading = read("\n\r\n \n\t \r\n1\n\n\n2\n\n \r\r\n");
    EXPECT_EQ(reading.payloads, (Payloads{"1", "2"}));
    EXPECT_FALSE(reading.mid_message);
}

TEST(LineCodec, KeepsWhatIsNoWhiteSpaceInJson) {
    EXPECT_EQ(read(std::string("\v\n\f\n\0\n", 6)).payloads,
              (Payloads{"\v", "\f", std::string(1, '\0')}));
}

TEST(LineCodec, HoldsTheLimitExactly) {
    for (const std::size_t limit : {1, 2, 100, 10 * 1024 * 1024}) {
        for (const std::string end : {"\n", "\r\n"}) {
            const std::string line(limit, '1');
            EXPECT_EQ(read(line.substr(1) + end, limit).failure, "");
            EXPECT_TRUE(read(line + end, limit).payloads == Payloads{line}) << limit;
            EXPECT_EQ(read(line + '1' + end, limit).failure, "oversize");
        }
    }
}

TEST(LineCodec, RefusesATooLongLineBeforeItsEndArrives) {
    EXPECT_EQ(decoded_by_new("12345678", 8), "more");
    EXPECT_EQ(decoded_by_new("123456789", 8), "oversize");
    EXPECT_EQ(decoded_by_new("12345678\r", 8), "more");
    EXPECT_EQ(decoded_by_new("12345678\r\n", 8), "\"12345678\"");
    EXPECT_EQ(decoded_by_new("12345678\r\r", 8), "oversize");
    EXPECT_EQ(decoded_by_new("12345678\r1", 8), "oversize");
    EXPECT_EQ(decoded_by_new("1\n123456789", 8), "\"1\"");
    EXPECT_EQ(read("1\n123456789", 8).failure, "oversize");
}

TEST(LineCodec, RefusesATooLongLineOfWhiteSpace) {
    EXPECT_EQ(read(std::string(8, ' ') + "\n1\n", 8).payloads, Payloads{"1"});
    EXPECT_EQ(read(std::string(9, ' ') + "\n1\n", 8).failure, "oversize");
    EXPECT_EQ(read(std::string(9, ' '), 8).failure, "oversize");
}

TEST(LineCodec, TakesBlankLinesWithoutEndAndKeepsNone) {
    FrameReader reader(Framing::lines, 1'000);
    const std::string blank = test::repeated("\r\n", 50'000);
    for (int i = 0; i < 20; ++i) {
        test::feed(reader, blank);
        EXPECT_FALSE(reader.next());
        EXPECT_FALSE(reader.mid_message());
    }
    EXPECT_LE(reader.capacity(), 2 * blank.size());
    test::feed(reader, "1\n");
    EXPECT_EQ(reader.next(), "1");
}

TEST(LineCodec, LooksAtEachByteOfALongLineOnce) {
    constexpr std::size_t size = 2'000'000;
    FrameReader reader(Framing::lines, size);
    const std::clock_t start = std::clock();
    for (std::size_t i = 0; i < size; ++i) {
        reader.prepare().front() = '1';
        reader.commit(1);
        ASSERT_FALSE(reader.next());
        // Takes a fraction of a second; minutes if each byte had it start from the beginning.
        ASSERT_TRUE(i % 10'000 != 0 || std::clock() - start < 20 * CLOCKS_PER_SEC) << i;
    }
    test::feed(reader, "\n");
    const auto payload = reader.next();
    ASSERT_TRUE(payload);
    EXPECT_EQ(payload->size(), size);
}

TEST(LineCodec, FindsTheNextLineAfterALongOneThatCameInPieces) {
    // What it remembers of the first line must not hold for the second.
    const std::string stream = std::string(500, 'a') + "\nb\n" + std::string(10, 'c') + "\n\nd\n";
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        const auto reading = test::read_pieces(Framing::lines, 1'000, test::chunks(stream, size));
        EXPECT_EQ(reading.payloads,
                  (Payloads{std::string(500, 'a'), "b", std::string(10, 'c'), "d"}))
            << size;
    }
}

}  // namespace
}  // namespace jsocket::framing
