// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>
#include <jsocket/limits.hpp>

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>

namespace jsocket {

/// Walks once over a JSON text and finds out whether it is one: RFC 8259 grammar, UTF-8, escaped
/// surrogates in pairs, nothing behind it, and the limits of depth and elements. Without recursion,
/// and before anything that recurses sees the text.
class JsonScanner {
  public:
    /// Must integers fit a 64-bit type? For texts that become a tree, which would round them.
    enum class Integers { any, fitting };

    JsonScanner(std::string_view text, const Limits& limits, Integers integers);

    /// Throws PayloadError.
    void scan();

  private:
    bool scan_value();
    bool scan_after_value();
    void scan_member_name();
    void scan_string();
    void scan_escape();
    unsigned scan_hex4();
    void scan_utf8();
    void scan_number();
    void scan_digits();
    void scan_literal(std::string_view literal);
    void check_integer(const char* begin) const;
    void skip_white_space();
    void open(bool object);
    void close();
    char peek() const { return position_ != end_ ? *position_ : '\0'; }
    [[noreturn]] void expected(const char* what) const;
    [[noreturn]] void fail(PayloadError::Kind kind, const std::string& what) const;

    const char* const begin_;
    const char* const end_;
    const char* position_;
    const std::size_t max_depth_;
    const std::size_t max_elements_;
    const Integers integers_;
    std::size_t elements_ = 0;
    std::size_t depth_ = 0;
    std::bitset<largest_depth + 1> is_object_;  // of each open container
};

}  // namespace jsocket
