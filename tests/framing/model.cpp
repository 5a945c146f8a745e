// SPDX-License-Identifier: Apache-2.0
#include "framing/model.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace jsocket::test {
namespace {

std::uint32_t number(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char c : bytes.substr(0, 4)) value = value * 256 + static_cast<unsigned char>(c);
    return value;
}

void read_prefix(std::string_view rest, std::size_t max, Reading& reading) {
    while (!rest.empty()) {
        if (rest.size() < 4) break;
        const std::size_t length = number(rest);
        if (length > max) {
            reading.failure = "oversize";
            return;
        }
        if (rest.size() < 4 + length) break;
        reading.payloads.emplace_back(rest.substr(4, length));
        rest.remove_prefix(4 + length);
    }
    reading.mid_message = !rest.empty();
}

void read_crc(std::string_view rest, std::size_t max, Reading& reading) {
    while (!rest.empty()) {
        for (std::size_t i = 0; i < 4 && i < rest.size(); ++i) {
            if (rest[i] != "JSN1"[i]) {
                reading.failure = "bad_header";
                return;
            }
        }
        if (rest.size() < 8) break;
        const std::size_t length = number(rest.substr(4));
        if (length > max) {
            reading.failure = "oversize";
            return;
        }
        if (rest.size() < 12 + length) break;
        const std::string_view payload = rest.substr(12, length);
        if (slow_crc32(payload) != number(rest.substr(8))) {
            reading.failure = "bad_checksum";
            return;
        }
        reading.payloads.emplace_back(payload);
        rest.remove_prefix(12 + length);
    }
    reading.mid_message = !rest.empty();
}

void read_lines(std::string_view stream, std::size_t max, Reading& reading) {
    std::string line;
    for (const char c : stream) {
        if (c != '\n') {
            line += c;
            // A '\r' may still turn out to belong to the end of the line.
            if (line.size() > max && !(c == '\r' && line.size() == max + 1)) {
                reading.failure = "oversize";
                return;
            }
            continue;
        }
        std::string text = line;
        if (!text.empty() && text.back() == '\r') text.pop_back();
        bool blank = true;
        for (const char t : text) blank = blank && (t == ' ' || t == '\t' || t == '\r');
        if (!blank) reading.payloads.push_back(text);
        line.clear();
    }
    reading.mid_message = !line.empty();
}

/// Says in `reading` which format a stream has that begins with `first`, or why it has none.
void choose(unsigned char first, std::size_t max, Reading& reading) {
    const bool white_space = first == ' ' || first == '\t' || first == '\r' || first == '\n';
    const bool may_be_length = first * (std::size_t{1} << 24) <= max;
    const bool begins_json =
        std::string_view("{[\"-0123456789tfn").find(static_cast<char>(first)) !=
        std::string_view::npos;
    if (first == 'J') {
        reading.framing = Framing::crc;
    } else if (first == 'G' || first == 0x16) {
        reading.failure = "bad_header";
    } else if (begins_json || (white_space && !may_be_length)) {
        reading.framing = Framing::lines;
    } else if (first >= 0x20 && first <= 0x7F) {
        reading.failure = "invalid_json";
    } else {
        reading.framing = Framing::prefix;
    }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Reading& reading) {
    return out << to_string(reading.framing) << ' ' << testing::PrintToString(reading.payloads)
               << (reading.mid_message ? " mid message " : " ") << reading.failure;
}

Reading model(Framing framing, std::string_view stream, std::size_t max_message_size) {
    Reading reading{.payloads = {}, .failure = "", .mid_message = false, .framing = framing};
    if (stream.empty()) return reading;
    if (framing == Framing::automatic) {
        choose(static_cast<unsigned char>(stream.front()), max_message_size, reading);
        if (!reading.failure.empty()) return reading;
    }
    switch (reading.framing) {
        case Framing::crc:
            read_crc(stream, max_message_size, reading);
            break;
        case Framing::lines:
            read_lines(stream, max_message_size, reading);
            break;
        default:
            read_prefix(stream, max_message_size, reading);
            break;
    }
    return reading;
}

std::uint32_t slow_crc32(std::string_view bytes) {
    std::uint32_t crc = 0xFFFF'FFFF;
    for (const char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB8'8320 : 0);
    }
    return ~crc;
}

std::string big_endian(std::uint32_t value) {
    std::string bytes(4, '\0');
    for (int i = 3; i >= 0; --i, value /= 256) bytes[i] = static_cast<char>(value % 256);
    return bytes;
}

std::string prefix_frame(std::string_view payload) {
    return big_endian(static_cast<std::uint32_t>(payload.size())).append(payload);
}

std::string crc_frame(std::string_view payload) {
    return "JSN1" + big_endian(static_cast<std::uint32_t>(payload.size())) +
           big_endian(slow_crc32(payload)).append(payload);
}

}  // namespace jsocket::test
