// SPDX-License-Identifier: Apache-2.0
#include "load/binary_protocols.hpp"

#include "load/byte_order.hpp"
#include "load/socket.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>

namespace jsocket::bench {

namespace {

/// One frame of a protocol that has flags and a length in front of each.
struct Frame {
    std::uint8_t flags = 0;
    std::string_view body;
    std::size_t size = 0;  // with its header; 0: not all of it is there
};

/// A frame whose header has `header` bytes, the last `digits` of them its length.
Frame frame_of(std::string_view bytes, std::size_t header, std::size_t digits) {
    if (bytes.size() < header) return {};
    const std::uint64_t length = read_big_endian(bytes, header - digits, digits);
    if (length > bytes.size() - header) return {};
    return {.flags = static_cast<std::uint8_t>(bytes[0]),
            .body = bytes.substr(header, length),
            .size = header + length};
}

namespace websocket {

constexpr std::uint8_t final_fragment = 0x80;
constexpr std::uint8_t opcode_bits = 0x0F;
constexpr std::uint8_t first_control_opcode = 0x8;
constexpr std::uint8_t close = 0x8;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::array<unsigned char, 4> mask = {0x5A, 0x13, 0xC7, 0x2E};

Frame next_frame(std::string_view bytes) {
    if (bytes.size() < 2) return {};
    const auto length = static_cast<std::uint8_t>(bytes[1]);
    if ((length & mask_bit) != 0) throw std::runtime_error("a server must not mask its frames");
    const std::size_t digits = length == 127 ? 8 : length == 126 ? 2 : 1;
    return frame_of(bytes, digits == 1 ? 2 : 2 + digits, digits);
}

}  // namespace websocket

namespace zmtp {

constexpr std::uint8_t more = 0x1;
constexpr std::uint8_t has_long_length = 0x2;
constexpr std::uint8_t command = 0x4;
constexpr std::size_t greeting_size = 64;

Frame next_frame(std::string_view bytes) {
    if (bytes.empty()) return {};
    const bool is_long = (static_cast<std::uint8_t>(bytes[0]) & has_long_length) != 0;
    return frame_of(bytes, is_long ? 9 : 2, is_long ? 8 : 1);
}

std::string frame(std::uint8_t flags, std::string_view body) {
    const bool is_long = body.size() > 255;
    if (is_long) flags |= has_long_length;
    return std::string(1, static_cast<char>(flags)) + big_endian(body.size(), is_long ? 8 : 1) +
           std::string(body);
}

std::string greeting() {
    std::string bytes("\xFF\0\0\0\0\0\0\0\0\x7F\x03\0NULL", 16);
    bytes.resize(greeting_size);
    return bytes;
}

std::string ready() {
    return std::string("\x05READY") + "\x0BSocket-Type" + big_endian(3, 4) + "REQ";
}

}  // namespace zmtp

namespace sp {

constexpr std::size_t length_size = 8;
constexpr std::size_t id_size = 4;
constexpr std::uint64_t request_id = 0x80000001;  // the top bit ends the stack of ids
constexpr std::uint8_t req = 0x30;
constexpr std::uint8_t rep = 0x31;

std::string greeting(std::uint8_t protocol) {
    std::string bytes("\0SP\0\0\0\0\0", 8);
    bytes[5] = static_cast<char>(protocol);
    return bytes;
}

}  // namespace sp

}  // namespace

std::string PrefixProtocol::request(std::string_view payload) const {
    return big_endian(payload.size(), 4) + std::string(payload);
}

std::size_t PrefixProtocol::reply_size(std::string_view bytes) const {
    return frame_of(bytes, 4, 4).size;
}

std::string PrefixProtocol::document(std::string_view reply) const {
    return std::string(reply.substr(4));
}

void WebSocketProtocol::greet(int fd) {
    send_all(fd,
             "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Key: anNvY2tldCBiZW5jaG1hcms=\r\nSec-WebSocket-Version: 13\r\n\r\n");
    const std::string answer = receive_until(fd, "\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 101")) {
        throw std::runtime_error("no WebSocket: " + answer.substr(0, answer.find('\r')));
    }
}

std::string WebSocketProtocol::request(std::string_view payload) const {
    std::string bytes = "\x81";  // final, text
    const std::size_t digits = payload.size() < 126 ? 1 : payload.size() < 65536 ? 2 : 8;
    if (digits == 1) {
        bytes += static_cast<char>(payload.size() | websocket::mask_bit);
    } else {
        bytes += static_cast<char>((digits == 2 ? 126 : 127) | websocket::mask_bit);
        bytes += big_endian(payload.size(), digits);
    }
    for (const unsigned char byte : websocket::mask) bytes += static_cast<char>(byte);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        bytes += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ websocket::mask[i % 4]);
    }
    return bytes;
}

std::size_t WebSocketProtocol::reply_size(std::string_view bytes) const {
    std::size_t size = 0;
    while (true) {
        const Frame frame = websocket::next_frame(bytes.substr(size));
        if (frame.size == 0) return 0;
        const std::uint8_t opcode = frame.flags & websocket::opcode_bits;
        if (opcode == websocket::close) throw std::runtime_error("the server sent a close frame");
        size += frame.size;
        const bool control = opcode >= websocket::first_control_opcode;
        if (!control && (frame.flags & websocket::final_fragment) != 0) return size;
    }
}

std::string WebSocketProtocol::document(std::string_view reply) const {
    std::string text;
    while (!reply.empty()) {
        const Frame frame = websocket::next_frame(reply);
        const std::uint8_t opcode = frame.flags & websocket::opcode_bits;
        if (opcode < websocket::first_control_opcode) text += frame.body;
        reply.remove_prefix(frame.size);
    }
    return text;
}

void ZmtpProtocol::greet(int fd) {
    send_all(fd, zmtp::greeting());
    const std::string greeting = receive_exactly(fd, zmtp::greeting_size);
    if (greeting[0] != '\xFF' || greeting.compare(12, 5, "NULL\0", 5) != 0) {
        throw std::runtime_error("no ZMTP with NULL security");
    }
    send_all(fd, zmtp::frame(zmtp::command, zmtp::ready()));
    std::string ready = receive_exactly(fd, 2);
    ready += receive_exactly(fd, static_cast<std::uint8_t>(ready[1]));
    if (ready[0] != zmtp::command || ready.compare(2, 6, "\x05READY") != 0) {
        throw std::runtime_error("no READY from the ZMTP server");
    }
}

std::string ZmtpProtocol::request(std::string_view payload) const {
    return zmtp::frame(zmtp::more, "") + zmtp::frame(0, payload);
}

std::size_t ZmtpProtocol::reply_size(std::string_view bytes) const {
    std::size_t size = 0;
    while (true) {
        const Frame frame = zmtp::next_frame(bytes.substr(size));
        if (frame.size == 0) return 0;
        size += frame.size;
        if ((frame.flags & (zmtp::more | zmtp::command)) == 0) return size;
    }
}

std::string ZmtpProtocol::document(std::string_view reply) const {
    Frame last;
    for (; !reply.empty(); reply.remove_prefix(last.size)) last = zmtp::next_frame(reply);
    return std::string(last.body);
}

void SpProtocol::greet(int fd) {
    send_all(fd, sp::greeting(sp::req));
    if (receive_exactly(fd, 8) != sp::greeting(sp::rep)) {
        throw std::runtime_error("no REP socket of Scalability Protocols");
    }
}

std::string SpProtocol::request(std::string_view payload) const {
    return big_endian(sp::id_size + payload.size(), sp::length_size) +
           big_endian(sp::request_id, sp::id_size) + std::string(payload);
}

std::size_t SpProtocol::reply_size(std::string_view bytes) const {
    return frame_of(bytes, sp::length_size, sp::length_size).size;
}

std::string SpProtocol::document(std::string_view reply) const {
    return std::string(reply.substr(sp::length_size + sp::id_size));
}

}  // namespace jsocket::bench
