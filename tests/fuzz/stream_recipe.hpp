// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fuzz/input.hpp"

#include <jsocket/options.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace jsocket::test {

/// A stream of bytes and the pieces it arrives in, cooked from an input. A fuzzer that had to make
/// up whole streams would never find a checksum; so the input says what to put into frames, and
/// what to damage:
///
///     count, that many sizes   of the pieces, again and again; from 128 on in steps of 512 bytes.
///                              0 is a silence, of which only the first few count
///     then, up to its end:
///     what, size, bytes        what & 3: 0 the bytes as they are, 1 as a message, 2 as one with a
///                              flipped bit (byte: where), 3 as one cut short (byte: where);
///                              what >> 2 & 3: of which format, if that is not given;
///                              what >> 4 & 1: with "\r\n" at the end of a line;
///                              what >> 5: how many spaces to put in front
struct StreamRecipe {
    std::string stream;
    std::vector<std::string_view> pieces;  ///< of the stream, all of it; empty for a silence
    std::vector<std::string> payloads;     ///< of the messages, damaged or not

    StreamRecipe() = default;
    StreamRecipe(const StreamRecipe&) = delete;  // the pieces lie in the stream
    StreamRecipe& operator=(const StreamRecipe&) = delete;
};

/// Takes all of `input`. With Framing::automatic, each message has the format that it says.
void cook(Input input, Framing framing, StreamRecipe& recipe);

/// One message on the wire, made by the model of the unit tests.
std::string frame_of(Framing framing, std::string_view payload, std::string_view end_of_line);

}  // namespace jsocket::test
