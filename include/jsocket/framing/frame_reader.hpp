// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/framing/codec.hpp>
#include <jsocket/options.hpp>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jsocket::framing {

/// A new codec for a wire format. For Framing::automatic, which is none, that of Framing::prefix,
/// the default of a client.
std::unique_ptr<Codec> make_codec(Framing framing, std::size_t max_message_size);

/// Turns the bytes of one connection, in pieces of any size, into messages. No I/O:
///
///     std::span<char> space = reader.prepare();
///     reader.commit(recv(fd, space.data(), space.size(), 0));
///     while (auto payload = reader.next()) handle(*payload);
///
/// The buffer starts small and doubles only when received bytes fill it, so that memory grows with
/// what has arrived and not with what a header claims. It stays for the next message of the size,
/// until one comes that is much smaller, or release() is called.
class FrameReader {
  public:
    /// With Framing::automatic the first bytes decide.
    FrameReader(Framing framing, std::size_t max_message_size);

    /// Room for received bytes, never empty. Ends the life of every payload given out before.
    std::span<char> prepare();

    /// Says that the first `size` bytes of prepare()'s room have been filled.
    void commit(std::size_t size);

    /// The text of the next message, or nothing if more bytes are needed. It lies in the buffer and
    /// lives until prepare() is called. Throws FramingError or PayloadError as the codecs and
    /// detect() do; the connection is beyond help then.
    std::optional<std::string_view> next();

    /// Is a message waiting for the rest of its bytes?
    bool mid_message() const { return begin_ != end_; }

    /// How many bytes of it have arrived.
    std::size_t pending() const { return end_ - begin_; }

    /// Have so few bytes of a message arrived that they may be a header which its sender wrote
    /// alone? Its payload then may be waiting for our acknowledgement (Nagle's algorithm).
    bool bare_header() const { return mid_message() && pending() <= max_header_size; }

    /// The wire format; Framing::automatic until the first bytes have decided.
    Framing framing() const { return framing_; }

    /// Bytes of memory that the buffer takes.
    std::size_t capacity() const { return capacity_; }

    /// Gives the buffer back, unless a message waits for its rest.
    void release();

  private:
    static constexpr std::size_t max_header_size = 16;

    void reserve(std::size_t capacity);

    Framing framing_;
    std::size_t max_message_size_;
    std::unique_ptr<Codec> codec_;  // never empty
    std::unique_ptr<char[], decltype(&std::free)> buffer_{nullptr, &std::free};
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  // [begin_, end_) has been received and not been given out
    std::size_t end_ = 0;
    bool filled_ = false;          // did a receive leave no room?
    std::size_t latest_size_ = 0;  // of a message
};

}  // namespace jsocket::framing
