// SPDX-License-Identifier: Apache-2.0
//
// Has the format of a stream detected, and compares with the table in docs/framing.md, written down
// here a row at a time: for each beginning of the stream, and for the stream in pieces. What
// follows must then be read as by a receiver that was told the format.
#include "core/verdict.hpp"
#include "framing/streams.hpp"
#include "fuzz/stream_recipe.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/detect.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace jsocket;
using test::Reading;
using test::require;

constexpr std::size_t mebibyte = 1024 * 1024;

// 0: any, from the input. At 144, 160 and 208 MiB lengths begin to look like white space.
constexpr std::array<std::size_t, 16> limits{0,
                                             1,
                                             16,
                                             1'000,
                                             10 * mebibyte,
                                             16 * mebibyte - 1,
                                             16 * mebibyte,
                                             144 * mebibyte - 1,
                                             144 * mebibyte,
                                             160 * mebibyte - 1,
                                             160 * mebibyte,
                                             208 * mebibyte - 1,
                                             208 * mebibyte,
                                             255 * mebibyte,
                                             largest_automatic_message - 1,
                                             largest_automatic_message};

std::size_t read_limit(test::Input& input) {
    const std::size_t limit = limits[input.below(limits.size())];
    if (limit != 0) return limit;
    std::size_t any = 0;
    for (int i = 0; i < 4; ++i) any = any * 256 + input.byte();
    return 1 + any % largest_automatic_message;
}

/// The name of a format or of a failure.
std::string row_for(unsigned char first, std::size_t limit) {
    const bool may_begin_a_length = first <= limit / (16 * mebibyte);
    switch (first) {
        case 'J':
            return "crc";
        case '{':
        case '[':
        case '"':
        case '-':
        case 't':
        case 'f':
        case 'n':
            return "lines";
        case ' ':
        case '\t':
        case '\n':
        case '\r':
            return may_begin_a_length ? "prefix" : "lines";
        case 'G':
        case 0x16:
            return "bad_header";
        default:
            break;
    }
    if (first >= '0' && first <= '9') return "lines";
    return first >= 0x20 && first <= 0x7F ? "invalid_json" : "prefix";
}

template <typename E>
std::string name_of(const E& error) {
    const std::string_view text = error.what();
    const bool plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    require(plain && text.size() <= 300, "the error's text is fit for a log");
    return test::to_string(error.kind());
}

std::string detected(std::string_view bytes, std::size_t limit) {
    try {
        const auto framing = framing::detect(bytes, limit);
        return framing ? std::string(to_string(*framing)) : "nothing yet";
    } catch (const FramingError& error) {
        return name_of(error);
    } catch (const PayloadError& error) {
        return name_of(error);
    }
}

void check_pieces(const test::StreamRecipe& recipe, std::size_t limit, const std::string& row) {
    const Reading in_pieces = test::read_pieces(Framing::automatic, limit, recipe.pieces);
    const auto framing = framing_from_string(row);
    if (!framing) {
        const Reading refused{
            .payloads = {}, .failure = row, .mid_message = false, .framing = Framing::automatic};
        require(in_pieces == refused, "what is refused is refused however it arrives");
        return;
    }
    require(in_pieces.framing == *framing, "the format does not depend on the pieces");
    require(in_pieces == test::read_pieces(*framing, limit, {recipe.stream}),
            "the rest is read as if the format had been given");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::Input input(data, size);
    const std::size_t limit = read_limit(input);
    test::StreamRecipe recipe;
    test::cook(input, Framing::automatic, recipe);
    const std::string_view stream = recipe.stream;
    require(detected("", limit) == "nothing yet", "nothing is detected of nothing");
    if (stream.empty()) return 0;
    const std::string row = row_for(static_cast<unsigned char>(stream.front()), limit);
    for (std::size_t length = 1; length <= std::min<std::size_t>(stream.size(), 40); ++length) {
        require(detected(stream.substr(0, length), limit) == row, "the first byte decides");
    }
    require(detected(stream, limit) == row, "the first byte decides, whatever comes");
    check_pieces(recipe, limit, row);
    return 0;
}
