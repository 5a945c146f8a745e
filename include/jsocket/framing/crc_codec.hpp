// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/framing/codec.hpp>

namespace jsocket::framing {

/// Framing::crc: `JSN1`, length, CRC-32 of the payload, then JSON (docs/framing.md).
///
/// A wrong magic is refused at its first wrong byte, a wrong length when the length is there, a
/// wrong checksum when the payload is.
class CrcCodec : public Codec {
  public:
    static constexpr std::string_view magic = "JSN1";      ///< what each message begins with
    static constexpr std::size_t header_size = 4 + 4 + 4;  ///< magic, length, checksum

    /// Messages may have so many bytes of JSON text.
    explicit CrcCodec(std::size_t max_message_size) : max_message_size_(max_message_size) {}

    std::optional<Frame> decode(std::string_view bytes) override;
    void encode(std::string_view payload, std::string& out) const override;

  private:
    std::size_t max_message_size_;
};

}  // namespace jsocket::framing
