// SPDX-License-Identifier: Apache-2.0
#include "load/connection.hpp"

#include "load/payload.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace jsocket::bench {

namespace {

/// Small enough for ten thousand connections, and what most replies need.
constexpr std::size_t smallest_buffer = 4 * 1024;
constexpr std::size_t enough_for_pipelines = 256 * 1024;

}  // namespace

std::span<char> ReplyBuffer::room() {
    const bool was_filled = end_ == size_;
    const std::size_t kept = end_ - begin_;
    if (begin_ > 0) std::memmove(bytes_.get(), bytes_.get() + begin_, kept);
    begin_ = 0;
    end_ = kept;
    // More room lets pipelined replies come with fewer calls; beyond that, only if it is needed.
    if (was_filled && (size_ < enough_for_pipelines || kept > size_ / 2)) {
        const std::size_t size = std::max(smallest_buffer, 2 * size_);
        std::unique_ptr<char[]> bytes(new char[size]);
        if (kept > 0) std::memcpy(bytes.get(), bytes_.get(), kept);
        bytes_ = std::move(bytes);
        size_ = size;
    }
    return {bytes_.get() + end_, size_ - end_};
}

std::string_view ReplyBuffer::next(const Protocol& protocol) {
    if (end_ - begin_ < least_) return {};
    const std::string_view bytes(bytes_.get() + begin_, end_ - begin_);
    const std::string_view reply = bytes.substr(0, protocol.reply_size(bytes));
    begin_ += reply.size();
    return reply;
}

Connection::Connection(const Target& target)
    : socket_(connect_to(target.address)),
      protocol_(make_protocol(target.protocol)),
      replies_(target.payload.size()) {
    protocol_->greet(fd());
    request_ = protocol_->request(target.payload);
    check_first_reply(target.payload);
}

void Connection::check_first_reply(std::string_view payload) {
    send_all(fd(), request_);
    std::string_view reply;
    while (reply.empty()) {
        replies_.filled(receive(fd(), replies_.room()));
        reply = replies_.next(*protocol_);
    }
    if (!replies_.empty()) throw std::runtime_error("more than one reply to one request");
    if (!is_same_json(protocol_->document(reply), payload)) {
        throw std::runtime_error("the first reply does not carry the request's payload");
    }
}

void Connection::round_trip() {
    send_all(fd(), request_);
    std::size_t count = 0;
    while (count == 0) count = take_replies();
    if (count > 1) throw std::runtime_error("more than one reply to one request");
}

std::size_t Connection::take_replies(int flags) {
    replies_.filled(receive(fd(), replies_.room(), flags));
    std::size_t count = 0;
    while (!replies_.next(*protocol_).empty()) ++count;
    return count;
}

}  // namespace jsocket::bench
