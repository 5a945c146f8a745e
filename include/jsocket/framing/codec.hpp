// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket::framing {

/// One message found at the front of the bytes that have been received.
struct Frame {
    std::string_view payload;  ///< its text, within those bytes
    std::size_t size = 0;      ///< how many bytes it took, header included
    bool blank = false;        ///< no message at all, just bytes to pass over, such as empty lines
};

/// One wire format: finds messages in bytes, and lays them out as bytes. No I/O.
///
/// Lifetime: one codec serves one connection; it may remember how far it has looked.
class Codec {
  public:
    virtual ~Codec() = default;

    /// The message at the front of `bytes`, or nothing if more bytes are needed. To be called
    /// again with the same bytes and more behind them; after a frame, without its bytes.
    /// Throws FramingError, as soon as the bytes that are there show that no message can come of
    /// them: a header is judged before its payload arrives.
    virtual std::optional<Frame> decode(std::string_view bytes) = 0;

    /// Appends `payload`, a JSON text, as one message to `out`.
    virtual void encode(std::string_view payload, std::string& out) const = 0;
};

}  // namespace jsocket::framing
