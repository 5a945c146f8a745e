// SPDX-License-Identifier: Apache-2.0
#include "framing/big_endian.hpp"
#include "framing/oversize.hpp"

#include <jsocket/framing/prefix_codec.hpp>

namespace jsocket::framing {

std::optional<Frame> PrefixCodec::decode(std::string_view bytes) {
    if (bytes.size() < header_size) return std::nullopt;
    const std::size_t length = read_big_endian(bytes, 0);
    check_length(length, max_message_size_);
    if (bytes.size() - header_size < length) return std::nullopt;
    return Frame{.payload = bytes.substr(header_size, length), .size = header_size + length};
}

void PrefixCodec::encode(std::string_view payload, std::string& out) const {
    append_big_endian(static_cast<std::uint32_t>(payload.size()), out);
    out += payload;
}

}  // namespace jsocket::framing
