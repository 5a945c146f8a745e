// SPDX-License-Identifier: Apache-2.0
#include "testing/message_finder.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/detect.hpp>
#include <jsocket/framing/frame_reader.hpp>

namespace jsocket::testing {

void MessageFinder::add(std::string_view bytes) {
    held_.erase(0, begin_);
    begin_ = 0;
    held_ += bytes;
}

std::optional<MessageFinder::Found> MessageFinder::next() {
    if (rest().empty()) return std::nullopt;
    if (!beyond_help_) {
        try {
            const std::optional<framing::Frame> frame = decode();
            if (!frame) return std::nullopt;
            return take(frame->blank ? Kind::blank : Kind::message, frame->payload, frame->size);
        } catch (const ProtocolError&) {
            beyond_help_ = true;
        }
    }
    return take(Kind::other, rest(), rest().size());
}

std::optional<framing::Frame> MessageFinder::decode() {
    if (!codec_) {
        if (framing_ == Framing::automatic) framing_ = *framing::detect(rest(), max_message_size_);
        codec_ = framing::make_codec(framing_, max_message_size_);
    }
    return codec_->decode(rest());
}

MessageFinder::Found MessageFinder::take(Kind kind, std::string_view bytes, std::size_t size) {
    begin_ += size;
    return {.kind = kind, .bytes = bytes, .size = size};
}

}  // namespace jsocket::testing
