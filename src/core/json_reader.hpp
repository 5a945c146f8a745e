// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json_escape.hpp"
#include "core/plain_text.hpp"
#include "core/utf8.hpp"

#include <jsocket/error.hpp>
#include <jsocket/limits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jsocket {

/// A number as it is written.
struct NumberText {
    std::string_view text;
    std::uint64_t digits = 0;         // all of them in a row, modulo 2^64
    std::size_t digit_count = 0;      // with up to 19 `digits` is exact
    std::size_t fraction_digits = 0;  // how many of them come after the point
    bool integer = true;              // neither point nor exponent
    bool exponent = false;
};

/// Throws the PayloadError of a text of which something was found wrong; of a text that is not
/// UTF-8 as that, whatever else is wrong with it.
[[noreturn]] void fail_reading(std::string_view text, PayloadError::Kind kind,
                               const std::string& what);

/// The same for a text in which `what` should have come at `position`.
[[noreturn]] void fail_expected(std::string_view text, const char* position, const char* what);

/// Reads a JSON text in one pass, strictly: RFC 8259 grammar, UTF-8, escaped surrogates in pairs,
/// nothing behind the value, and the limits of depth and elements, each checked before the Builder
/// hears of what is beyond it. Recursive, as deep as max_depth.
///
/// The Builder makes something of it. It has
///
///     using Value = ...;   // where a value goes
///     class Object;        // Object(Builder&, Value), Value member(name, escaped), void end()
///     class Array;         // Array(Builder&, Value), Value element(), void end()
///     void string(Value, std::string_view text, bool escaped);
///     void number(Value, const NumberText&);
///     void boolean(Value, bool);
///     void null(Value);
///
/// Texts of names and strings are those between the quotes; `escaped` tells whether there are
/// escapes in them.
template <typename Builder>
class JsonReader {
  public:
    using Value = typename Builder::Value;

    JsonReader(std::string_view text, const Limits& limits, Builder& builder)
        : text_(text),
          position_(text.data()),
          end_(text.data() + text.size()),
          builder_(builder),
          max_depth_(std::min(limits.max_depth, largest_depth)),
          depth_left_(max_depth_),
          max_elements_(limits.max_elements),
          elements_left_(max_elements_) {}

    /// Throws PayloadError, and what the Builder throws.
    void read(Value value) {
        skip_white_space();
        read_value(value);
        skip_white_space();
        if (position_ != end_) expected("the end of the message");
    }

  private:
    struct String {
        std::string_view text;
        bool escaped;
    };

    void read_value(Value value) {
        if (elements_left_-- == 0) fail_complex();
        switch (peek()) {
            case '"': {
                const String string = read_string();
                return builder_.string(value, string.text, string.escaped);
            }
            case '{':
                return read_object(value);
            case '[':
                return read_array(value);
            case 't':
                skip_literal("true");
                return builder_.boolean(value, true);
            case 'f':
                skip_literal("false");
                return builder_.boolean(value, false);
            case 'n':
                skip_literal("null");
                return builder_.null(value);
            default:
                return builder_.number(value, read_number());
        }
    }

    void read_object(Value value) {
        open();
        typename Builder::Object object(builder_, value);
        if (peek() != '}') {
            do {
                skip_white_space();
                if (peek() != '"') expected("the name of a member");
                const String name = read_string();
                skip_white_space();
                if (peek() != ':') expected("':'");
                ++position_;
                skip_white_space();
                read_value(object.member(name.text, name.escaped));
            } while (skip_comma('}', "',' or '}'"));
        }
        close();
        object.end();
    }

    void read_array(Value value) {
        open();
        typename Builder::Array array(builder_, value);
        if (peek() != ']') {
            do {
                skip_white_space();
                read_value(array.element());
            } while (skip_comma(']', "',' or ']'"));
        }
        close();
        array.end();
    }

    void open() {
        if (depth_left_-- == 0) fail_deep();
        ++position_;
        skip_white_space();
    }

    void close() {
        ++depth_left_;
        ++position_;
    }

    /// Is there a comma, and so another value?
    bool skip_comma(char end, const char* what) {
        skip_white_space();
        const char c = peek();
        if (c == ',') {
            ++position_;
            return true;
        }
        if (c != end) expected(what);
        return false;
    }

    String read_string() {
        const char* const begin = ++position_;
        bool escaped = false;
        for (;;) {
            position_ = skip_plain(position_, end_);
            if (position_ == end_) expected("'\"' at the end of a string");
            const auto c = static_cast<unsigned char>(*position_);
            if (c == '"') return {{begin, std::size_t(position_++ - begin)}, escaped};
            if (c == '\\') {
                escaped = true;
                skip_escape();
            } else if (c < 0x20) {
                expected("no control character in a string");
            } else {
                const std::size_t length = utf8_sequence_length(position_, end_);
                if (length == 0) expected("UTF-8");
                position_ += length;
            }
        }
    }

    void skip_escape() {
        ++position_;
        switch (peek()) {
            case '"':
            case '\\':
            case '/':
            case 'b':
            case 'f':
            case 'n':
            case 'r':
            case 't':
                ++position_;
                return;
            case 'u':
                ++position_;
                break;
            default:
                expected("an escape sequence");
        }
        const unsigned unit = read_hex4();
        if (unit >= 0xDC00 && unit <= 0xDFFF) expected("no low surrogate by itself");
        if (unit >= 0xD800 && unit <= 0xDBFF) {
            const bool another =
                end_ - position_ >= 2 && position_[0] == '\\' && position_[1] == 'u';
            if (another) position_ += 2;
            if (!another || (read_hex4() & 0xFC00) != 0xDC00) {
                expected("a low surrogate behind the high one");
            }
        }
    }

    unsigned read_hex4() {
        const auto unit = hex4({position_, std::size_t(end_ - position_)});
        if (!unit) expected("four hexadecimal digits");
        position_ += 4;
        return *unit;
    }

    NumberText read_number() {
        NumberText number;
        const char* const begin = position_;
        if (peek() == '-') ++position_;
        if (!is_digit(peek())) {
            position_ = begin;
            expected("a value");
        }
        if (*position_ == '0') {
            ++position_;
            number.digit_count = 1;
        } else {
            read_digits(number);
        }
        if (peek() == '.') {
            ++position_;
            number.integer = false;
            number.fraction_digits = read_digits(number);
        }
        if (peek() == 'e' || peek() == 'E') {
            ++position_;
            number.integer = false;
            number.exponent = true;
            if (peek() == '+' || peek() == '-') ++position_;
            NumberText ignored;
            read_digits(ignored);
        }
        number.text = {begin, std::size_t(position_ - begin)};
        return number;
    }

    std::size_t read_digits(NumberText& number) {
        const char* const begin = position_;
        for (; position_ != end_ && is_digit(*position_); ++position_) {
            number.digits = number.digits * 10 + static_cast<unsigned char>(*position_ - '0');
        }
        if (position_ == begin) expected("a digit");
        const auto count = static_cast<std::size_t>(position_ - begin);
        number.digit_count += count;
        return count;
    }

    void skip_literal(std::string_view literal) {
        if (!std::string_view(position_, end_).starts_with(literal)) expected("a value");
        position_ += literal.size();
    }

    void skip_white_space() {
        while (position_ != end_ && (*position_ == ' ' || *position_ == '\n' ||
                                     *position_ == '\r' || *position_ == '\t')) {
            ++position_;
        }
    }

    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    char peek() const { return position_ != end_ ? *position_ : '\0'; }

    [[noreturn]] void expected(const char* what) const { fail_expected(text_, position_, what); }

    [[noreturn]] void fail_deep() const {
        fail_reading(text_, PayloadError::Kind::too_deep,
                     "message nested deeper than max_depth " + std::to_string(max_depth_));
    }

    [[noreturn]] void fail_complex() const {
        fail_reading(
            text_, PayloadError::Kind::too_complex,
            "message of more than max_elements " + std::to_string(max_elements_) + " values");
    }

    const std::string_view text_;
    const char* position_;
    const char* const end_;
    Builder& builder_;
    const std::size_t max_depth_;
    std::size_t depth_left_;
    const std::size_t max_elements_;
    std::size_t elements_left_;
};

}  // namespace jsocket
