// SPDX-License-Identifier: Apache-2.0
#include "framing/model.hpp"
#include "framing/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;

namespace jsocket {
namespace {

using test::chunks;
using test::crc_frame;
using test::model;
using test::prefix_frame;
using test::read_pieces;
using test::Reading;

constexpr Framing all_framings[] = {Framing::automatic, Framing::prefix, Framing::crc,
                                    Framing::lines};

/// Small ones, at which the streams below break; the default; two where white space may be a
/// length.
constexpr std::size_t limits[] = {
    1, 2, 7, 11, 16, 10 * 1024 * 1024, 200 * 1024 * 1024, 256 * 1024 * 1024};

std::vector<std::string> good_streams() {
    return {
        "",
        prefix_frame("{}"),
        prefix_frame("") + prefix_frame("1"),
        prefix_frame("{\"echo\": \"hello\"}") + prefix_frame("[1,2,3]") + prefix_frame("null"),
        prefix_frame("\"\xF0\x9F\x98\x80\"") + prefix_frame("\n\r\n"),
        crc_frame("{}"),
        crc_frame("") + crc_frame("1"),
        crc_frame("{\"echo\": \"hello\"}") + crc_frame("[1,2,3]") + crc_frame("null"),
        crc_frame("JSN1JSN1"),
        "{}\n",
        "{\"echo\": \"hello\"}\n[1,2,3]\r\nnull\n",
        "\n\r\n \n\t\r\n1\n\n2\n \r \r\n",
        "\"a\rb\"\r\r\n\"c\"\r\n",
        " {}\n",
        "\t{}\n",
        "\r\n{}\r\n",
        "1234567\n1234567\r\n12345678\n",
        "1234567\r",
        "12345678901\r\n",
        "       \n        \n",
    };
}

std::vector<std::string> bad_streams() {
    std::string damaged = crc_frame("{}") + crc_frame("[1,2,3]");
    damaged.back() ^= 1;
    std::string wrong_length = crc_frame("[1,2,3]") + crc_frame("{}");
    wrong_length[7] = 6;
    return {
        damaged,
        wrong_length,
        crc_frame("{}") + "JSN2",
        crc_frame("{}") + prefix_frame("{}"),
        "JSN1\xFF\xFF\xFF\xFF",
        "JSN1\x80\0\0\0"s,
        prefix_frame("{}") + crc_frame("{}"),
        prefix_frame("[1,2,3]") + "\xFF\xFF\xFF\xFF",
        "\x80\0\0\0abcd"s,
        "\0\0\0\x08"
        "abc"s,
        "\x09\0\0\0\n"s,
        "GET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n{}\n",
        "\x16\x03\x01\x02\0\x01\0\x01\xFC\x03\x03"s,
        "\x16\x04\0\0"s,
        "JUNK",
        "hello\n",
        "{\"a\": \"no end of line",
        "{}\nGET / HTTP/1.1\r\n\r\n",
        std::string(40, 'x') + "\n",
        "[" + std::string(40, ' ') + "]\n",
        "1\0\0\0\n"s,
        "\xEF\xBB\xBF{}\n",
    };
}

std::vector<std::string> all_streams() {
    std::vector<std::string> streams = good_streams();
    for (std::string& stream : bad_streams()) streams.push_back(std::move(stream));
    return streams;
}

/// Calls `check(framing, limit, stream)` with every combination.
template <typename Check>
void for_all(const Check& check) {
    for (const std::string& stream : all_streams()) {
        ASSERT_LE(stream.size(), 100u);
        for (const Framing framing : all_framings) {
            for (const std::size_t limit : limits) {
                check(framing, limit, std::string_view(stream));
                if (testing::Test::HasFailure()) {
                    FAIL() << to_string(framing) << ", limit " << limit << ", "
                           << testing::PrintToString(stream);
                }
            }
        }
    }
}

TEST(Chunking, ReadsWholeStreamsAsTheModelDoes) {
    for_all([](Framing framing, std::size_t limit, std::string_view stream) {
        EXPECT_EQ(read_pieces(framing, limit, {stream}), model(framing, stream, limit));
    });
}

TEST(Chunking, ReadsStreamsThatEndAnywhereAsTheModelDoes) {
    for_all([](Framing framing, std::size_t limit, std::string_view stream) {
        for (std::size_t size = 0; size <= stream.size(); ++size) {
            const std::string_view cut = stream.substr(0, size);
            EXPECT_EQ(read_pieces(framing, limit, {cut}), model(framing, cut, limit)) << size;
        }
    });
}

TEST(Chunking, DoesNotMatterHoweverLongThePiecesAre) {
    for_all([](Framing framing, std::size_t limit, std::string_view stream) {
        const Reading expected = model(framing, stream, limit);
        for (std::size_t size = 1; size <= stream.size(); ++size) {
            EXPECT_EQ(read_pieces(framing, limit, chunks(stream, size)), expected) << size;
        }
    });
}

TEST(Chunking, DoesNotMatterWhereverTwoCutsAre) {
    for_all([](Framing framing, std::size_t limit, std::string_view stream) {
        const Reading expected = model(framing, stream, limit);
        for (std::size_t i = 0; i <= stream.size(); ++i) {
            for (std::size_t j = i; j <= stream.size(); ++j) {
                EXPECT_EQ(
                    read_pieces(framing, limit,
                                {stream.substr(0, i), stream.substr(i, j - i), stream.substr(j)}),
                    expected)
                    << i << ' ' << j;
            }
        }
    });
}

/// A sequence of frames of one format, some of them damaged, and pieces to receive it in.
class RandomStream {
  public:
    explicit RandomStream(std::uint64_t seed) : engine_(seed) {}

    std::string stream() {
        std::string result;
        const std::size_t kind = below(3);
        for (std::size_t i = below(6); i > 0; --i) {
            const std::string payload(below(4) == 0 ? below(3'000) : below(12), character());
            result += kind == 0   ? prefix_frame(payload)
                      : kind == 1 ? crc_frame(payload)
                                  : payload + (below(2) == 0 ? "\r\n" : "\n");
        }
        if (!result.empty() && below(3) == 0) result[below(result.size())] = character();
        if (below(4) == 0) result.resize(below(result.size() + 1));
        return result;
    }

    std::vector<std::string_view> pieces(std::string_view stream) {
        std::vector<std::string_view> result;
        const std::size_t most = 1 + below(below(2) == 0 ? 8 : 2'000);
        while (!stream.empty()) {
            const std::size_t size = std::min(stream.size(), 1 + below(most));
            result.push_back(stream.substr(0, size));
            stream.remove_prefix(size);
        }
        return result;
    }

    std::size_t below(std::size_t limit) { return engine_() % limit; }

  private:
    char character() { return "a1\n\r {\0\x01\xFFJ\x03"[below(11)]; }

    std::mt19937_64 engine_;
};

TEST(Chunking, ReadsRandomStreamsInRandomPiecesAsTheModelDoes) {
    RandomStream random(19'690'720);
    int failed = 0;
    for (int i = 0; i < 10'000; ++i) {
        const std::string stream = random.stream();
        const Framing framing = all_framings[random.below(std::size(all_framings))];
        const std::size_t limit = random.below(2) == 0 ? 10 : 10 * 1024 * 1024;
        const Reading expected = model(framing, stream, limit);
        ASSERT_EQ(read_pieces(framing, limit, random.pieces(stream)), expected)
            << to_string(framing) << ", limit " << limit << ", " << testing::PrintToString(stream);
        failed += !expected.failure.empty();
    }
    EXPECT_GT(failed, 1'000);
    EXPECT_LT(failed, 9'000);
}

}  // namespace
}  // namespace jsocket
