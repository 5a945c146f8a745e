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
    /// Appends to `out`.
    JsonWriter(std::string& out, const Limits& limits);

    /// Throws UsageError; part of the text may then be in `out`.
    void write(const json& value);

  private:
    void write_value(const json& value);
    void write_object(const json::object_t& members);
    void write_array(const json::array_t& elements);
    void write_string(const std::string& text);
    void write_special(const char*& position, const char* end);
    void write_decimal(double value);
    bool write_short_decimal(double value);
    template <typename T>
    void write_integer(T value);

    void enter();
    char* reserve(std::size_t size);
    void put(char c) {
        *reserve(1) = c;
        ++used_;
    }
    void put(std::string_view text);
    void flush();

    std::string& out_;
    const std::size_t max_depth_;
    std::size_t depth_left_;
    const std::size_t max_elements_;
    std::size_t elements_left_;
    std::size_t used_ = 0;
    std::array<char, 1024> buffer_;  // spares out_ a look at its capacity for every character
};

}  // namespace jsocket
