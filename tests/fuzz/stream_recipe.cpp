// SPDX-License-Identifier: Apache-2.0
#include "fuzz/stream_recipe.hpp"

#include "framing/model.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace jsocket::test {
namespace {

constexpr std::array<Framing, 3> formats{Framing::prefix, Framing::crc, Framing::lines};

// Below, at and above the sizes at which buffers grow and are given back.
constexpr std::array<std::size_t, 8> spaces{0, 30, 243, 256, 1'000, 4'100, 20'000, 66'000};
constexpr std::size_t most_spaces = 70'000;  // in one stream, so that inputs stay fast
constexpr std::size_t most_pieces = 2'000;
constexpr std::size_t most_silences = 4;

std::size_t size_of_piece(std::uint8_t byte) { return byte < 128 ? byte : (byte - 127U) * 512U; }

void add_frame(Input& input, Framing framing, StreamRecipe& recipe, std::size_t& spaces_left) {
    const std::uint8_t what = input.byte();
    const std::string_view bytes = input.bytes(input.byte());
    const std::size_t in_front = std::min(spaces[what >> 5], spaces_left);
    spaces_left -= in_front;
    const std::string payload = std::string(in_front, ' ').append(bytes);
    if ((what & 3) == 0) {
        recipe.stream += payload;
        return;
    }
    if (framing == Framing::automatic) framing = formats[(what >> 2 & 3) % formats.size()];
    std::string frame = frame_of(framing, payload, (what >> 4 & 1) != 0 ? "\r\n" : "\n");
    recipe.payloads.push_back(payload);
    if ((what & 3) == 2) {
        const std::uint8_t where = input.byte();
        frame[(where >> 3) % frame.size()] ^= static_cast<char>(1 << (where & 7));
    } else if ((what & 3) == 3) {
        frame.resize(input.below(255) % frame.size());
    }
    recipe.stream += frame;
}

void cut(std::string_view sizes, StreamRecipe& recipe) {
    std::string_view rest = recipe.stream;
    std::size_t silences = 0;
    for (std::size_t i = 0; !rest.empty() && !sizes.empty() && i < most_pieces; ++i) {
        const char byte = sizes[i % sizes.size()];
        const std::size_t size = size_of_piece(static_cast<std::uint8_t>(byte));
        if (size == 0 && ++silences > most_silences) continue;
        recipe.pieces.push_back(rest.substr(0, size));
        rest.remove_prefix(recipe.pieces.back().size());
    }
    if (!rest.empty()) recipe.pieces.push_back(rest);
}

}  // namespace

void cook(Input input, Framing framing, StreamRecipe& recipe) {
    const std::string_view sizes = input.bytes(input.below(32));
    std::size_t spaces_left = most_spaces;
    while (!input.empty()) add_frame(input, framing, recipe, spaces_left);
    cut(sizes, recipe);
}

std::string frame_of(Framing framing, std::string_view payload, std::string_view end_of_line) {
    if (framing == Framing::crc) return crc_frame(payload);
    if (framing == Framing::lines) return std::string(payload).append(end_of_line);
    return prefix_frame(payload);
}

}  // namespace jsocket::test
