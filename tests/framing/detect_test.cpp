// SPDX-License-Identifier: Apache-2.0
#include "core/verdict.hpp"
#include "framing/streams.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/detect.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;

namespace jsocket::framing {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
constexpr std::size_t default_limit = 10 * mebibyte;

/// For each first byte: p(refix), c(rc), l(ines), H for bad_header, X for invalid_json.
constexpr std::string_view table =
    "pppppppppllpplpp"  // 0x00; white space: 09 0a 0d
    "ppppppHppppppppp"  // 0x10; TLS: 16
    "lXlXXXXXXXXXXlXX"  // 0x20; space " -
    "llllllllllXXXXXX"  // 0x30; digits
    "XXXXXXXHXXcXXXXX"  // 0x40; GET, JSN1
    "XXXXXXXXXXXlXXXX"  // 0x50; [
    "XXXXXXlXXXXXXXlX"  // 0x60; f(alse) n(ull)
    "XXXXlXXXXXXlXXXX"  // 0x70; t(rue) {
    "pppppppppppppppp"  // 0x80: all oversize, once their length is there
    "pppppppppppppppp"
    "pppppppppppppppp"
    "pppppppppppppppp"
    "pppppppppppppppp"
    "pppppppppppppppp"
    "pppppppppppppppp"
    "pppppppppppppppp";

char detected(std::string_view bytes, std::size_t limit = default_limit) {
    try {
        const auto framing = detect(bytes, limit);
        return framing ? to_string(*framing).front() : '?';
    } catch (const FramingError& error) {
        test::expect_fit_for_a_log(error.what());
        return error.kind() == FramingError::Kind::bad_header ? 'H' : '!';
    } catch (const PayloadError& error) {
        test::expect_fit_for_a_log(error.what());
        return error.kind() == PayloadError::Kind::invalid_json ? 'X' : '!';
    }
}

TEST(Detect, KnowsNothingBeforeTheFirstByte) { EXPECT_EQ(detected(""), '?'); }

TEST(Detect, DecidesByTheFirstByte) {
    ASSERT_EQ(table.size(), 256u);
    for (int byte = 0; byte < 256; ++byte) {
        const std::string first(1, static_cast<char>(byte));
        for (const std::string& rest : {""s, "{"s, "SN1"s, "ET "s, "\x03"s, "\0\0\0"s, "\xFF\n"s}) {
            EXPECT_EQ(detected(first + rest), table[byte]) << byte << " before " << rest;
        }
    }
}

TEST(Detect, TakesWhiteSpaceForALengthWhereTheLimitIsThatLarge) {
    struct Example {
        std::size_t limit;
        std::string_view lengths;  ///< the white space that begins a length
    };
    for (const auto& [limit, lengths] : std::vector<Example>{{1, ""},
                                                             {default_limit, ""},
                                                             {144 * mebibyte - 1, ""},
                                                             {144 * mebibyte, "\t"},
                                                             {160 * mebibyte - 1, "\t"},
                                                             {160 * mebibyte, "\t\n"},
                                                             {200 * mebibyte, "\t\n"},
                                                             {208 * mebibyte - 1, "\t\n"},
                                                             {208 * mebibyte, "\t\n\r"},
                                                             {256 * mebibyte, "\t\n\r"}}) {
        for (int byte = 0; byte < 256; ++byte) {
            const char first = static_cast<char>(byte);
            const bool length = lengths.find(first) != std::string_view::npos;
            EXPECT_EQ(detected({&first, 1}, limit), length ? 'p' : table[byte])
                << byte << " with limit " << limit;
        }
    }
}

TEST(Detect, TakesEveryLengthWithinTheLimitForOne) {
    for (const std::size_t limit :
         {default_limit, 144 * mebibyte, 200 * mebibyte, largest_automatic_message}) {
        for (std::size_t first = 0; first <= limit >> 24; ++first) {
            EXPECT_EQ(detected(std::string(1, static_cast<char>(first)) + "\0\0\x01"s, limit), 'p');
        }
    }
}

TEST(Detect, RefusesWhatWebBrowsersSend) {
    EXPECT_EQ(detected("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), 'H');
    for (const char* method :
         {"POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PRI", "CONNECT", "TRACE", "PATCH"}) {
        EXPECT_EQ(detected(method + " / HTTP/1.1\r\n\r\n{}\n"s), 'X') << method;
    }
    EXPECT_EQ(detected("\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03"s), 'H');
}

TEST(Detect, QuotesLittleOfWhatItRefuses) {
    EXPECT_EQ(detected("P\r\n\x1b" + std::string(1'000'000, '\n')), 'X');
}

TEST(Detection, TakesTheMagicInPieces) {
    const std::string stream = test::crc_frame("{}");
    FrameReader reader(Framing::automatic, default_limit);
    EXPECT_EQ(reader.framing(), Framing::automatic);
    for (const char& c : stream) {
        EXPECT_FALSE(reader.next());
        test::feed(reader, {&c, 1});
    }
    EXPECT_EQ(reader.next(), "{}");
    EXPECT_EQ(reader.framing(), Framing::crc);
}

TEST(Detection, RefusesWhatOnlyBeginsLikeTheMagic) {
    for (const char* bytes : {"JX", "JSX", "JSN0", "JSON\n", "J\n"}) {
        EXPECT_EQ(test::read_pieces(Framing::automatic, default_limit, {bytes}).failure,
                  "bad_header")
            << bytes;
    }
}

TEST(Detection, HoldsForTheWholeConnection) {
    const std::string crc = test::crc_frame("{}");
    const std::string prefix = test::prefix_frame("{}");
    const auto failure = [](const std::string& stream) {
        return test::read_pieces(Framing::automatic, default_limit, {stream}).failure;
    };
    EXPECT_EQ(failure(crc + prefix), "bad_header");
    EXPECT_EQ(failure(crc + "{}\n"), "bad_header");
    EXPECT_EQ(failure(prefix + crc), "oversize");
    EXPECT_EQ(failure(prefix + "{}\n\n"), "oversize");
    const auto lines = test::read_pieces(Framing::automatic, default_limit, {"{}\n" + crc + "\n"});
    EXPECT_EQ(lines.payloads, (std::vector<std::string>{"{}", crc}));
}

TEST(Detection, TakesWhiteSpaceBeforeTheFirstLine) {
    for (const char* stream : {" {}\n", "\n{}\n", "\r\n{}\r\n", "\t{}\n", "\n\n  {}\n"}) {
        const auto reading = test::read_pieces(Framing::automatic, default_limit, {stream});
        EXPECT_EQ(reading.framing, Framing::lines) << stream;
        EXPECT_EQ(reading.payloads.size(), 1u) << stream;
    }
}

TEST(Detection, LeavesALineThatIsNoJsonToTheParser) {
    const auto reading =
        test::read_pieces(Framing::automatic, default_limit, {" POST / HTTP/1.1\r\n{}\n"});
    ASSERT_EQ(reading.payloads.size(), 2u);
    EXPECT_EQ(test::verdict(reading.payloads.front()), "invalid_json");
}

TEST(Detection, RefusesLengthsThatAreNone) {
    for (const int first : {0x01, 0x0B, 0x10, 0x11, 0x1F, 0x80, 0xEF, 0xFF}) {
        const std::string stream = std::string(1, static_cast<char>(first)) + "\0\0\0"s;
        const auto reading = test::read_pieces(Framing::automatic, default_limit, {stream});
        EXPECT_EQ(reading.framing, Framing::prefix) << first;
        EXPECT_EQ(reading.failure, "oversize") << first;
    }
}

}  // namespace
}  // namespace jsocket::framing
