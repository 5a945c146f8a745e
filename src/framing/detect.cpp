// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>
#include <jsocket/framing/crc_codec.hpp>
#include <jsocket/framing/detect.hpp>
#include <jsocket/json_text.hpp>

namespace jsocket::framing {
namespace {

constexpr std::string_view white_space = " \t\r\n";
constexpr std::string_view value_starts = "{[\"-0123456789tfn";
constexpr char tls_handshake = 0x16;

bool contains(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

/// Can a length of up to `max_message_size` begin with this byte?
bool begins_length(char c, std::size_t max_message_size) {
    return static_cast<unsigned char>(c) <= max_message_size >> 24;
}

bool is_ascii_text(char c) {
    return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80;
}

}  // namespace

std::optional<Framing> detect(std::string_view first_bytes, std::size_t max_message_size) {
    if (first_bytes.empty()) return std::nullopt;
    const char first = first_bytes.front();
    // Before white space: with a limit of 144 MiB and more, a tab may be the start of a length.
    if (begins_length(first, max_message_size)) return Framing::prefix;
    if (contains(white_space, first) || contains(value_starts, first)) return Framing::lines;
    if (first == CrcCodec::magic.front()) return Framing::crc;
    if (first == 'G') {
        throw FramingError(FramingError::Kind::bad_header, "HTTP and WebSocket are not served");
    }
    if (first == tls_handshake) {
        throw FramingError(FramingError::Kind::bad_header, "TLS is not served");
    }
    if (is_ascii_text(first)) {
        throw PayloadError(PayloadError::Kind::invalid_json,
                           "\"" + printable(first_bytes, 30) + "\" is not JSON");
    }
    return Framing::prefix;  // whose length is over any limit, and refused as that
}

}  // namespace jsocket::framing
