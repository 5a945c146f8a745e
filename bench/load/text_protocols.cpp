// SPDX-License-Identifier: Apache-2.0
#include "load/text_protocols.hpp"

#include "load/socket.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace jsocket::bench {

namespace {

constexpr std::string_view line_end = "\r\n";

[[noreturn]] void refuse(std::string_view reply) {
    constexpr std::size_t enough = 200;
    throw std::runtime_error("error reply: " + std::string(reply.substr(0, enough)));
}

std::size_t as_number(std::string_view digits, std::string_view reply) {
    std::size_t value = 0;
    const char* const end = digits.data() + digits.size();
    if (digits.empty() || std::from_chars(digits.data(), end, value).ptr != end) refuse(reply);
    return value;
}

std::string rpc_call(std::string_view params) {
    return R"({"id":1,"jsonrpc":"2.0","method":"echo","params":)" + std::string(params) + '}';
}

std::string result_of(std::string_view response) {
    return nlohmann::json::parse(response).at("result").dump();
}

/// Text behind a line that gives its length.
struct Block {
    std::size_t begin = 0;
    std::size_t length = 0;
};

/// What `bytes` has to have for all of `block`, if it has it, with what follows the text.
std::size_t whole(const Block& block, std::size_t trailer, std::string_view bytes) {
    const std::size_t size = block.begin + block.length + trailer;
    return bytes.size() < size ? 0 : size;
}

/// $LENGTH, then the text.
std::optional<Block> redis_block(std::string_view bytes) {
    const std::size_t end = bytes.find(line_end);
    if (end == std::string_view::npos) return std::nullopt;
    if (bytes[0] != '$') refuse(bytes.substr(0, end));
    return Block{end + line_end.size(), as_number(bytes.substr(1, end - 1), bytes.substr(0, end))};
}

/// MSG SUBJECT SID LENGTH, then the text. The server may ask with PING in between whether we live;
/// it takes minutes to give up on those who do not answer.
std::optional<Block> nats_block(std::string_view bytes) {
    std::size_t begin = 0;
    while (true) {
        const std::size_t end = bytes.find(line_end, begin);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = bytes.substr(begin, end - begin);
        begin = end + line_end.size();
        if (line == "PING" || line == "PONG" || line == "+OK" || line.starts_with("INFO ")) {
            continue;
        }
        if (!line.starts_with("MSG ")) refuse(line);
        return Block{begin, as_number(line.substr(line.rfind(' ') + 1), line)};
    }
}

bool is_same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "Content-Length:";
    for (std::size_t begin = 0; begin < head.size();) {
        const std::size_t end = std::min(head.find(line_end, begin), head.size());
        std::string_view line = head.substr(begin, end - begin);
        begin = end + line_end.size();
        if (!is_same_word(line.substr(0, name.size()), name)) continue;
        line.remove_prefix(std::min(line.find_first_not_of(' ', name.size()), line.size()));
        return as_number(line, head);
    }
    refuse(head);
}

std::optional<Block> http_block(std::string_view bytes) {
    constexpr std::string_view head_end = "\r\n\r\n";
    const std::size_t end = bytes.find(head_end);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view head = bytes.substr(0, end);
    if (!head.starts_with("HTTP/1.1 200")) refuse(head);
    return Block{end + head_end.size(), content_length(head)};
}

}  // namespace

std::string LinesProtocol::request(std::string_view payload) const {
    return R"({"method":"Echo.Echo","params":[)" + std::string(payload) + R"(],"id":1})" + '\n';
}

std::size_t LinesProtocol::reply_size(std::string_view bytes) const {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return 0;
    if (!bytes.substr(0, end).ends_with(R"("error":null})")) refuse(bytes.substr(0, end));
    return end + 1;
}

std::string LinesProtocol::document(std::string_view reply) const { return result_of(reply); }

std::string RedisProtocol::request(std::string_view payload) const {
    return "*2\r\n$4\r\nECHO\r\n$" + std::to_string(payload.size()) + "\r\n" +
           std::string(payload) + "\r\n";
}

std::size_t RedisProtocol::reply_size(std::string_view bytes) const {
    const std::optional<Block> block = redis_block(bytes);
    return block ? whole(*block, line_end.size(), bytes) : 0;
}

std::string RedisProtocol::document(std::string_view reply) const {
    const std::optional<Block> block = redis_block(reply);
    return std::string(reply.substr(block.value().begin, block->length));
}

void NatsProtocol::greet(int fd) {
    static std::atomic<unsigned> count = 0;
    inbox_ = "_INBOX." + std::to_string(getpid()) + '.' + std::to_string(++count);
    send_all(fd,
             "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB " + inbox_ + " 1\r\nPING\r\n");
    receive_until(fd, "PONG\r\n");
}

std::string NatsProtocol::request(std::string_view payload) const {
    return "PUB echo " + inbox_ + ' ' + std::to_string(payload.size()) + "\r\n" +
           std::string(payload) + "\r\n";
}

std::size_t NatsProtocol::reply_size(std::string_view bytes) const {
    const std::optional<Block> block = nats_block(bytes);
    return block ? whole(*block, line_end.size(), bytes) : 0;
}

std::string NatsProtocol::document(std::string_view reply) const {
    const std::optional<Block> block = nats_block(reply);
    return std::string(reply.substr(block.value().begin, block->length));
}

std::string RpcProtocol::request(std::string_view payload) const {
    return PrefixProtocol::request(rpc_call(payload));
}

std::string RpcProtocol::document(std::string_view reply) const {
    return result_of(PrefixProtocol::document(reply));
}

std::string HttpProtocol::request(std::string_view payload) const {
    const std::string body = rpc_call(payload);
    return "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
           "Content-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::size_t HttpProtocol::reply_size(std::string_view bytes) const {
    const std::optional<Block> block = http_block(bytes);
    return block ? whole(*block, 0, bytes) : 0;
}

std::string HttpProtocol::document(std::string_view reply) const {
    const std::optional<Block> block = http_block(reply);
    return result_of(reply.substr(block.value().begin, block->length));
}

}  // namespace jsocket::bench
