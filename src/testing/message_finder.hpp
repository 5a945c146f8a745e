// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/framing/codec.hpp>
#include <jsocket/options.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket::testing {

/// Tells the messages of a stream apart, and, unlike framing::FrameReader, also what follows when
/// it is beyond help, for whoever has to pass on everything.
class MessageFinder {
  public:
    enum class Kind {
        message,
        blank,  ///< nothing, such as empty lines
        other,  ///< bytes that are no message
    };
    struct Found {
        Kind kind{};
        std::string_view bytes{};  ///< the text of the message, or what is none; lives until add()
        std::size_t size = 0;      ///< how many bytes of the stream it takes
    };

    MessageFinder(Framing framing, std::size_t max_message_size)
        : framing_(framing), max_message_size_(max_message_size) {}

    void add(std::string_view bytes);

    /// The next thing at the front. After bytes that can be no message, everything is `other`.
    /// Nothing if more bytes are needed.
    std::optional<Found> next();

    /// What has been added and not been found to be something.
    std::string_view rest() const { return std::string_view(held_).substr(begin_); }

    /// Passes over the first `size` bytes of rest(), after which no message is to be found.
    void skip(std::size_t size) { begin_ += size; }

    /// Of the messages; Framing::automatic until the first bytes have decided.
    Framing framing() const { return framing_; }

  private:
    std::optional<framing::Frame> decode();
    Found take(Kind kind, std::string_view bytes, std::size_t size);

    Framing framing_;
    const std::size_t max_message_size_;
    std::unique_ptr<framing::Codec> codec_;  // empty before the first bytes
    std::string held_;
    std::size_t begin_ = 0;  // of rest()
    bool beyond_help_ = false;
};

}  // namespace jsocket::testing
