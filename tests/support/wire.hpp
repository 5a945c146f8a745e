// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The wire formats once more, written down by hand and not by the library's codecs.
namespace test_support {

inline std::string big_endian(std::uint32_t number) {
    return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
            static_cast<char>(number >> 8), static_cast<char>(number)};
}

/// CRC-32 as in zlib and PNG, bit by bit.
inline std::uint32_t crc32_of(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

inline std::string prefix_frame(std::string_view payload) {
    return big_endian(static_cast<std::uint32_t>(payload.size())) + std::string(payload);
}

inline std::string crc_frame(std::string_view payload) {
    return "JSN1" + big_endian(static_cast<std::uint32_t>(payload.size())) +
           big_endian(crc32_of(payload)) + std::string(payload);
}

inline std::string line_frame(std::string_view payload) { return std::string(payload) + "\n"; }

/// `[[[...]]]`, this deep.
inline std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace test_support
