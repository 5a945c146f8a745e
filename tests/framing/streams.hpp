// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "framing/model.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/frame_reader.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::test {

std::string to_string(FramingError::Kind kind);

/// Puts `bytes` into the reader, as often as it takes to prepare room for them.
void feed(framing::FrameReader& reader, std::string_view bytes);

/// What a FrameReader makes of a stream that arrives in these pieces. It is asked for messages
/// after each piece.
Reading read_pieces(Framing framing, std::size_t max_message_size,
                    const std::vector<std::string_view>& pieces);

/// `stream` in pieces of `size` bytes; the last one may be shorter.
std::vector<std::string_view> chunks(std::string_view stream, std::size_t size);

}  // namespace jsocket::test
