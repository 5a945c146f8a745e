// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jsocket::bench {

/// The `count` bytes at `offset`, which are there, as the number they are in network byte order.
inline std::uint64_t read_big_endian(std::string_view bytes, std::size_t offset,
                                     std::size_t count) {
    std::uint64_t value = 0;
    for (const char byte : bytes.substr(offset, count)) {
        value = value << 8 | static_cast<unsigned char>(byte);
    }
    return value;
}

inline std::string big_endian(std::uint64_t value, std::size_t count) {
    std::string bytes(count, '\0');
    for (std::size_t i = count; i > 0; --i, value >>= 8) {
        bytes[i - 1] = static_cast<char>(value & 0xFF);
    }
    return bytes;
}

}  // namespace jsocket::bench
