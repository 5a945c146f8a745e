// SPDX-License-Identifier: Apache-2.0
#include <jsocket/framing/crc_codec.hpp>
#include <jsocket/framing/detect.hpp>
#include <jsocket/framing/frame_reader.hpp>
#include <jsocket/framing/line_codec.hpp>
#include <jsocket/framing/prefix_codec.hpp>

#include <algorithm>
#include <cstring>
#include <new>

namespace jsocket::framing {
namespace {

// Small at first for the sake of thousands of idle connections.
constexpr std::size_t first_capacity = 256;

// So much is worth receiving at once from a peer that pipelines, and kept whatever comes next.
constexpr std::size_t usual_capacity = 64 * 1024;

// A message that takes less of a big buffer than this part of it is much smaller than those before.
constexpr std::size_t small_part = 8;

}  // namespace

std::unique_ptr<Codec> make_codec(Framing framing, std::size_t max_message_size) {
    switch (framing) {
        case Framing::crc:
            return std::make_unique<CrcCodec>(max_message_size);
        case Framing::lines:
            return std::make_unique<LineCodec>(max_message_size);
        case Framing::automatic:
        case Framing::prefix:
            break;
    }
    return std::make_unique<PrefixCodec>(max_message_size);
}

FrameReader::FrameReader(Framing framing, std::size_t max_message_size)
    : framing_(framing),
      max_message_size_(max_message_size),
      codec_(make_codec(framing, max_message_size)) {}

std::span<char> FrameReader::prepare() {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (capacity_ > usual_capacity && latest_size_ < capacity_ / small_part) release();
    } else if (begin_ > 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == capacity_ || (filled_ && capacity_ < usual_capacity)) {
        reserve(std::max(first_capacity, 2 * capacity_));
    }
    return {buffer_.get() + end_, capacity_ - end_};
}

void FrameReader::commit(std::size_t size) {
    end_ += size;
    filled_ = end_ == capacity_;
}

void FrameReader::release() {
    if (mid_message()) return;
    buffer_.reset();
    capacity_ = begin_ = end_ = 0;
    filled_ = false;
}

std::optional<std::string_view> FrameReader::next() {
    while (mid_message()) {
        const std::string_view bytes(buffer_.get() + begin_, end_ - begin_);
        if (framing_ == Framing::automatic) {
            framing_ = *detect(bytes, max_message_size_);
            codec_ = make_codec(framing_, max_message_size_);
        }
        const std::optional<Frame> frame = codec_->decode(bytes);
        if (!frame) break;
        begin_ += frame->size;
        latest_size_ = frame->size;
        if (!frame->blank) return frame->payload;
    }
    return std::nullopt;
}

/// Enlarges the buffer. With realloc(3), which moves the pages of a big one instead of copying them
/// and leaves no holes behind, for the sake of which the allocator would keep more from then on.
void FrameReader::reserve(std::size_t capacity) {
    void* const buffer = std::realloc(buffer_.get(), capacity);
    if (buffer == nullptr) throw std::bad_alloc();
    static_cast<void>(buffer_.release());  // realloc's
    buffer_.reset(static_cast<char*>(buffer));
    capacity_ = capacity;
}

}  // namespace jsocket::framing
