// SPDX-License-Identifier: Apache-2.0
#include "framing/codec_check.hpp"
#include "framing/model.hpp"

#include <jsocket/framing/crc_codec.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace jsocket::framing {
namespace {

using test::big_endian;
using test::crc_frame;
using test::decoded;

constexpr std::size_t ten_mebibytes = 10 * 1024 * 1024;

std::string decoded_by_new(std::string_view bytes, std::size_t max_message_size = 1'000) {
    CrcCodec codec(max_message_size);
    return decoded(codec, bytes);
}

TEST(CrcCodec, PutsMagicLengthAndChecksumBeforeThePayload) {
    EXPECT_EQ(test::encoded<CrcCodec>("123456789"), std::string("JSN1\0\0\0\x09\xCB\xF4\x39\x26"
                                                                "123456789",
                                                                21));
    EXPECT_EQ(test::encoded<CrcCodec>(""), std::string("JSN1\0\0\0\0\0\0\0\0", 12));
}

TEST(CrcCodec, ReadsWhatItWrites) {
    for (const std::string& payload : {std::string("{}"), std::string(), std::string(300, 'a'),
                                       std::string("JSN1JSN1JSN1"), std::string("\0\n\xFF", 3)}) {
        const std::string frame = test::encoded<CrcCodec>(payload);
        EXPECT_EQ(frame, crc_frame(payload));
        EXPECT_EQ(decoded_by_new(frame), '"' + payload + '"');
    }
}

TEST(CrcCodec, TakesOneMessageAndSaysHowLongItWas) {
    CrcCodec codec(1'000);
    const std::string bytes = crc_frame("[1]") + crc_frame("2");
    const auto frame = codec.decode(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload, "[1]");
    EXPECT_EQ(frame->payload.data(), bytes.data() + 12);
    EXPECT_EQ(frame->size, 15u);
    EXPECT_FALSE(frame->blank);
}

TEST(CrcCodec, WaitsForTheRestOfAMessage) {
    const std::string frame = crc_frame("[1,2]");
    for (std::size_t size = 0; size < frame.size(); ++size) {
        EXPECT_EQ(decoded_by_new(frame.substr(0, size)), "more") << size;
    }
}

TEST(CrcCodec, RefusesTheMagicAtItsFirstWrongByte) {
    const std::string frame = crc_frame("{}");
    for (std::size_t position = 0; position < 4; ++position) {
        EXPECT_EQ(decoded_by_new(frame.substr(0, position)), "more");
        for (int byte = 0; byte < 256; ++byte) {
            const char c = static_cast<char>(byte);
            const std::string bytes = frame.substr(0, position) + c;
            EXPECT_EQ(decoded_by_new(bytes), c == frame[position] ? "more" : "bad_header")
                << position << ' ' << byte;
        }
    }
}

TEST(CrcCodec, RefusesAHeaderWithTheWrongMagic) {
    for (const char* magic : {"JSN0", "JSN2", "jsn1", "1NSJ", "SN1J", "HTTP"}) {
        EXPECT_EQ(decoded_by_new(magic + crc_frame("{}").substr(4)), "bad_header") << magic;
    }
    EXPECT_EQ(decoded_by_new(test::prefix_frame("{}")), "bad_header");
}

TEST(CrcCodec, HoldsTheLimitExactly) {
    for (const std::size_t limit :
         {std::size_t{1}, std::size_t{256}, std::size_t{65'536}, ten_mebibytes}) {
        for (const std::size_t length : {limit - 1, limit}) {
            const std::string payload(length, 'a');
            const std::string frame = test::encoded<CrcCodec>(payload);
            EXPECT_TRUE(decoded_by_new(frame, limit) == '"' + payload + '"') << length;
        }
        EXPECT_EQ(decoded_by_new("JSN1" + big_endian(static_cast<std::uint32_t>(limit + 1)), limit),
                  "oversize");
    }
}

TEST(CrcCodec, RefusesALengthOverTheLimitBeforeTheChecksumArrives) {
    for (const std::uint32_t length :
         {std::uint32_t{ten_mebibytes + 1}, 0x8000'0000u, 0xFFFF'FFFEu, 0xFFFF'FFFFu}) {
        const std::string bytes = "JSN1" + big_endian(length);
        EXPECT_EQ(decoded_by_new(bytes, ten_mebibytes), "oversize") << length;
        EXPECT_EQ(decoded_by_new(bytes + "0000[1]", ten_mebibytes), "oversize") << length;
        EXPECT_EQ(decoded_by_new(bytes.substr(0, 7), ten_mebibytes), "more") << length;
    }
}

TEST(CrcCodec, TakesEveryLengthWhenTheLimitIsTheLargest) {
    const std::string bytes = "JSN1" + big_endian(0xFFFF'FFFF) + "0000";
    EXPECT_EQ(decoded_by_new(bytes, largest_message), "more");
    EXPECT_EQ(decoded_by_new(bytes, largest_message - 1), "oversize");
}

TEST(CrcCodec, NeverGivesOutAPayloadWithASingleFlippedBit) {
    // What follows suffices for any length within the limit, so that no flip ends in waiting.
    const std::string frame = crc_frame("{\"echo\": \"hello\"}");
    const std::string follows(64, ' ');
    ASSERT_EQ(decoded_by_new(frame + follows, 64), "\"{\"echo\": \"hello\"}\"");
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        std::string flipped = frame + follows;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        const std::string expected = bit < 4 * 8 ? "bad_header" : "bad_checksum";
        const std::string result = decoded_by_new(flipped, 64);
        const bool length_over_limit = bit >= 4 * 8 && bit < 8 * 8 && result == "oversize";
        EXPECT_TRUE(result == expected || length_over_limit) << "bit " << bit << ": " << result;
    }
}

TEST(CrcCodec, RefusesEveryOtherChecksumOfOneByteAtATime) {
    const std::string frame = crc_frame("[1,2,3]");
    for (std::size_t position = 8; position < frame.size(); ++position) {
        for (int change = 1; change < 256; ++change) {
            std::string changed = frame;
            changed[position] = static_cast<char>(changed[position] ^ change);
            EXPECT_EQ(decoded_by_new(changed), "bad_checksum") << position << ' ' << change;
        }
    }
}

TEST(CrcCodec, ChecksTheLengthBeforeTheChecksum) {
    EXPECT_EQ(decoded_by_new("JSN1" + big_endian(8) + "0000" + "12345678", 7), "oversize");
    EXPECT_EQ(decoded_by_new("JSN1" + big_endian(8) + "0000" + "12345678", 8), "bad_checksum");
    EXPECT_EQ(decoded_by_new("JSN1" + big_endian(8) + "0000" + "1234567", 8), "more");
}

}  // namespace
}  // namespace jsocket::framing
