// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/framing/codec.hpp>

namespace jsocket::framing {

/// Framing::prefix: a 4-byte big-endian length, then that many bytes of JSON (docs/framing.md).
class PrefixCodec : public Codec {
  public:
    static constexpr std::size_t header_size = 4;  ///< the length

    /// Messages may have so many bytes of JSON text.
    explicit PrefixCodec(std::size_t max_message_size) : max_message_size_(max_message_size) {}

    std::optional<Frame> decode(std::string_view bytes) override;
    void encode(std::string_view payload, std::string& out) const override;

  private:
    std::size_t max_message_size_;
};

}  // namespace jsocket::framing
