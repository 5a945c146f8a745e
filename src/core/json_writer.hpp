// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace jsocket {

/// Prints a tree as compact JSON, the same text as json::dump(), and finds out on the way what has
/// no JSON text or is beyond a limit, before it recurses into it.
class JsonWriter {
  public:
    /// Appends to `text`.
    JsonWriter(std::string& text, const Limits& limits);

    /// Throws UsageError; a part of the value may then be in the text.
    void write(const json& value);

    /// How many values were written, as Limits::max_elements counts them.
    std::size_t values() const { return max_elements_ - elements_left_; }

  private:
    // Where to write is handed on from function to function, and so stays in a register.

    char* write_value(const json& value, char* out);
    char* write_object(const json::object_t& members, char* out);
    char* write_array(const json::array_t& elements, char* out);
    char* write_string(const std::string& text, char* out);
    char* write_decimal(double value, char* out);
    template <typename T>
    char* write_integer(T value, char* out);
    char* write_text(std::string_view text, char* out);

    void enter();
    char* make_room(std::size_t size, char* out) {
        return static_cast<std::size_t>(end_ - out) >= size ? out : flush(out);
    }
    char* flush(const char* out);

    std::string& text_;
    const std::size_t max_depth_;
    std::size_t depth_left_;
    const std::size_t max_elements_;
    std::size_t elements_left_;
    std::array<char, 1024> buffer_;  // spares text_ a look at its capacity for every character
    char* const end_ = buffer_.data() + buffer_.size();
};

}  // namespace jsocket
