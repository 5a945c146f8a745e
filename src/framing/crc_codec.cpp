// SPDX-License-Identifier: Apache-2.0
#include "framing/big_endian.hpp"
#include "framing/oversize.hpp"

#include <jsocket/framing/crc_codec.hpp>

#include <algorithm>
#include <zlib.h>

namespace jsocket::framing {
namespace {

constexpr std::size_t length_offset = 4;
constexpr std::size_t checksum_offset = 8;

std::uint32_t checksum(std::string_view payload) {
    const auto* bytes = reinterpret_cast<const Bytef*>(payload.data());
    return static_cast<std::uint32_t>(crc32_z(0, bytes, payload.size()));
}

}  // namespace

std::optional<Frame> CrcCodec::decode(std::string_view bytes) {
    const std::size_t seen = std::min(bytes.size(), magic.size());
    if (bytes.substr(0, seen) != magic.substr(0, seen)) {
        throw FramingError(FramingError::Kind::bad_header, "a header does not begin with JSN1");
    }
    if (bytes.size() < checksum_offset) return std::nullopt;
    const std::size_t length = read_big_endian(bytes, length_offset);
    check_length(length, max_message_size_);
    if (bytes.size() < header_size || bytes.size() - header_size < length) return std::nullopt;
    const std::string_view payload = bytes.substr(header_size, length);
    if (checksum(payload) != read_big_endian(bytes, checksum_offset)) {
        throw FramingError(
            FramingError::Kind::bad_checksum,
            "the checksum of a message of " + std::to_string(length) + " bytes does not match");
    }
    return Frame{.payload = payload, .size = header_size + length};
}

void CrcCodec::encode(std::string_view payload, std::string& out) const {
    out += magic;
    append_big_endian(static_cast<std::uint32_t>(payload.size()), out);
    append_big_endian(checksum(payload), out);
    out += payload;
}

}  // namespace jsocket::framing
