// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/framing/codec.hpp>

namespace jsocket::framing {

/// Framing::lines: one JSON text a line, ended by `\n`; a `\r` before it is dropped, and lines of
/// nothing but white space are passed over (docs/framing.md).
///
/// encode() turns line breaks within the payload, which in JSON can only stand between values,
/// into spaces.
class LineCodec : public Codec {
  public:
    /// Messages may have so many bytes of JSON text.
    explicit LineCodec(std::size_t max_message_size) : max_message_size_(max_message_size) {}

    std::optional<Frame> decode(std::string_view bytes) override;
    void encode(std::string_view payload, std::string& out) const override;

  private:
    std::size_t max_message_size_;
    std::size_t searched_ = 0;  // bytes of the current line known to hold no '\n'
};

}  // namespace jsocket::framing
