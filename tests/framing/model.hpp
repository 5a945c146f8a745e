// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/options.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::test {

/// What a receiver makes of a stream of bytes.
struct Reading {
    std::vector<std::string> payloads;
    std::string failure;       ///< "bad_header", "bad_checksum", "oversize", "invalid_json" or none
    bool mid_message = false;  ///< does the stream end within a message? Without failure only.
    Framing framing = Framing::automatic;

    bool operator==(const Reading&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Reading& reading);

/// The slow and obvious way to read a whole stream: docs/framing.md word for word, and none of the
/// code under test.
Reading model(Framing framing, std::string_view stream, std::size_t max_message_size);

/// CRC-32 as zlib's, bit by bit.
std::uint32_t slow_crc32(std::string_view bytes);

std::string big_endian(std::uint32_t value);
std::string prefix_frame(std::string_view payload);
std::string crc_frame(std::string_view payload);

}  // namespace jsocket::test
