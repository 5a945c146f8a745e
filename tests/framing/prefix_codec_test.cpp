// SPDX-License-Identifier: Apache-2.0
#include "framing/codec_check.hpp"
#include "framing/model.hpp"

#include <jsocket/framing/prefix_codec.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace jsocket::framing {
namespace {

using test::big_endian;
using test::decoded;
using test::prefix_frame;

constexpr std::size_t ten_mebibytes = 10 * 1024 * 1024;

std::string decoded_by_new(std::string_view bytes, std::size_t max_message_size = 1'000) {
    PrefixCodec codec(max_message_size);
    return decoded(codec, bytes);
}

TEST(PrefixCodec, PutsABigEndianLengthBeforeThePayload) {
    EXPECT_EQ(test::encoded<PrefixCodec>("{}"), std::string("\0\0\0\x02{}", 6));
    EXPECT_EQ(test::encoded<PrefixCodec>(""), std::string(4, '\0'));
    const std::string payload(0x010203, 'a');
    EXPECT_EQ(test::encoded<PrefixCodec>(payload).substr(0, 4), std::string("\0\x01\x02\x03", 4));
}

TEST(PrefixCodec, ReadsWhatItWrites) {
    for (const std::string& payload : {std::string("{}"), std::string(), std::string(300, 'a'),
                                       std::string("\0\n\xFF\r\n", 5)}) {
        const std::string frame = test::encoded<PrefixCodec>(payload);
        EXPECT_EQ(decoded_by_new(frame), '"' + payload + '"');
    }
}

TEST(PrefixCodec, TakesOneMessageAndSaysHowLongItWas) {
    PrefixCodec codec(1'000);
    const std::string bytes = prefix_frame("[1]") + prefix_frame("2");
    const auto frame = codec.decode(bytes);
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->payload, "[1]");
    EXPECT_EQ(frame->payload.data(), bytes.data() + 4);
    EXPECT_EQ(frame->size, 7u);
    EXPECT_FALSE(frame->blank);
}

TEST(PrefixCodec, WaitsForTheRestOfAMessage) {
    const std::string frame = prefix_frame("[1,2]");
    for (std::size_t size = 0; size < frame.size(); ++size) {
        EXPECT_EQ(decoded_by_new(frame.substr(0, size)), "more") << size;
    }
}

TEST(PrefixCodec, GivesAnEmptyPayloadForALengthOfZero) {
    EXPECT_EQ(decoded_by_new(std::string(4, '\0')), "\"\"");
}

TEST(PrefixCodec, HoldsTheLimitExactly) {
    for (const std::size_t limit :
         {std::size_t{1}, std::size_t{255}, std::size_t{256}, std::size_t{65'536}, ten_mebibytes}) {
        for (const std::size_t length : {limit - 1, limit}) {
            const std::string payload(length, 'a');
            EXPECT_TRUE(decoded_by_new(prefix_frame(payload), limit) == '"' + payload + '"')
                << length;
        }
        EXPECT_EQ(decoded_by_new(big_endian(static_cast<std::uint32_t>(limit + 1)), limit),
                  "oversize");
    }
}

TEST(PrefixCodec, RefusesALengthOverTheLimitBeforeThePayloadArrives) {
    for (const std::uint32_t length : {std::uint32_t{ten_mebibytes + 1}, 0x8000'0000u, 0x7FFF'FFFFu,
                                       0xFFFF'FFFEu, 0xFFFF'FFFFu}) {
        EXPECT_EQ(decoded_by_new(big_endian(length), ten_mebibytes), "oversize") << length;
        EXPECT_EQ(decoded_by_new(big_endian(length) + "[1]", ten_mebibytes), "oversize") << length;
        EXPECT_EQ(decoded_by_new(big_endian(length).substr(0, 3), ten_mebibytes), "more") << length;
    }
}

TEST(PrefixCodec, TakesEveryLengthWhenTheLimitIsTheLargest) {
    EXPECT_EQ(decoded_by_new(big_endian(0xFFFF'FFFF) + "[1]", largest_message), "more");
    EXPECT_EQ(decoded_by_new(big_endian(0xFFFF'FFFF) + "[1]", largest_message - 1), "oversize");
}

TEST(PrefixCodec, NamesTheLimitAndTheLengthInItsError) {
    PrefixCodec codec(ten_mebibytes);
    try {
        codec.decode(big_endian(ten_mebibytes + 1));
        FAIL() << "accepted";
    } catch (const FramingError& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find("10485761"), std::string::npos) << text;
        EXPECT_NE(text.find("10485760"), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace jsocket::framing
