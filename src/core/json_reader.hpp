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
          end_(text.data() + text.size()),
          builder_(builder),
          max_depth_(std::min(limits.max_depth, largest_depth)),
          depth_left_(max_depth_),
          max_elements_(limits.max_elements),
          elements_left_(max_elements_) {}

    /// Throws PayloadError, and what the Builder throws.
    void read(Value value) {
        const char* position = skip_white_space(text_.data());
        position = skip_white_space(read_value(position, value));
        if (position != end_) expected(position, "the end of the message");
    }

  private:
    // The position is handed on from function to function, and so stays in a register. (Measured:
    // validate() takes a fifth less time.)

    const char* read_value(const char* position, Value value) {
        if (elements_left_-- == 0) fail_complex();
        switch (peek(position)) {
            case '"': {
                bool escaped = false;
                const char* const begin = position + 1;
                position = skip_string(begin, escaped);
                builder_.string(value, {begin, std::size_t(position - begin)}, escaped);
                return position + 1;
            }
            case '{':
                return read_object(position, value);
            case '[':
                return read_array(position, value);
            case 't':
                position = skip_literal(position, "true");
                builder_.boolean(value, true);
                return position;
            case 'f':
                position = skip_literal(position, "false");
                builder_.boolean(value, false);
                return position;
            case 'n':
                position = skip_literal(position, "null");
                builder_.null(value);
                return position;
            default: {
                NumberText number;
                position = read_number(position, number);
                builder_.number(value, number);
                return position;
            }
        }
    }

    const char* read_object(const char* position, Value value) {
        enter();
        position = skip_white_space(position + 1);
        typename Builder::Object object(builder_, value);
        if (peek(position) != '}') {
            for (;;) {
                if (peek(position) != '"') expected(position, "the name of a member");
                bool escaped = false;
                const char* const begin = position + 1;
                position = skip_string(begin, escaped);
                const std::string_view name(begin, std::size_t(position - begin));
                position = skip_white_space(position + 1);
                if (peek(position) != ':') expected(position, "':'");
                position = skip_white_space(position + 1);
                position = skip_white_space(read_value(position, object.member(name, escaped)));
                if (peek(position) != ',') break;
                position = skip_white_space(position + 1);
            }
            if (peek(position) != '}') expected(position, "',' or '}'");
        }
        ++depth_left_;
        object.end();
        return position + 1;
    }

    const char* read_array(const char* position, Value value) {
        enter();
        position = skip_white_space(position + 1);
        typename Builder::Array array(builder_, value);
        if (peek(position) != ']') {
            for (;;) {
                position = skip_white_space(read_value(position, array.element()));
                if (peek(position) != ',') break;
                position = skip_white_space(position + 1);
            }
            if (peek(position) != ']') expected(position, "',' or ']'");
        }
        ++depth_left_;
        array.end();
        return position + 1;
    }

    void enter() {
        if (depth_left_-- == 0) fail_deep();
    }

    /// From behind the opening quote to the closing one.
    const char* skip_string(const char* position, bool& escaped) const {
        for (;;) {
            position = skip_plain(position, end_);
            if (position == end_) expected(position, "'\"' at the end of a string");
            const auto c = static_cast<unsigned char>(*position);
            if (c == '"') return position;
            if (c == '\\') {
                escaped = true;
                position = skip_escape(position + 1);
            } else if (c < 0x20) {
                expected(position, "no control character in a string");
            } else {
                const std::size_t length = utf8_sequence_length(position, end_);
                if (length == 0) expected(position, "UTF-8");
                position += length;
            }
        }
    }

    const char* skip_escape(const char* position) const {
        switch (peek(position)) {
            case '"':
            case '\\':
            case '/':
            case 'b':
            case 'f':
            case 'n':
            case 'r':
            case 't':
                return position + 1;
            case 'u':
                break;
            default:
                expected(position, "an escape sequence");
        }
        const unsigned unit = read_hex4(position + 1);
        position += 5;
        if (unit >= 0xDC00 && unit <= 0xDFFF) expected(position, "no low surrogate by itself");
        if (unit < 0xD800 || unit > 0xDBFF) return position;
        const bool another = end_ - position >= 2 && position[0] == '\\' && position[1] == 'u';
        if (!another || (read_hex4(position + 2) & 0xFC00) != 0xDC00) {
            expected(position, "a low surrogate behind the high one");
        }
        return position + 6;
    }

    unsigned read_hex4(const char* position) const {
        const auto unit = hex4({position, std::size_t(end_ - position)});
        if (!unit) expected(position, "four hexadecimal digits");
        return *unit;
    }

    const char* read_number(const char* position, NumberText& number) const {
        const char* const begin = position;
        if (peek(position) == '-') ++position;
        if (!is_digit(peek(position))) expected(begin, "a value");
        if (*position == '0') {
            ++position;
            number.digit_count = 1;
        } else {
            position = read_digits(position, number);
        }
        if (peek(position) == '.') {
            number.integer = false;
            const char* const fraction = position + 1;
            position = read_digits(fraction, number);
            number.fraction_digits = static_cast<std::size_t>(position - fraction);
        }
        if (peek(position) == 'e' || peek(position) == 'E') {
            number.integer = false;
            number.exponent = true;
            ++position;
            if (peek(position) == '+' || peek(position) == '-') ++position;
            NumberText ignored;
            position = read_digits(position, ignored);
        }
        number.text = {begin, std::size_t(position - begin)};
        return position;
    }

    const char* read_digits(const char* position, NumberText& number) const {
        const char* const begin = position;
        for (; position != end_ && is_digit(*position); ++position) {
            number.digits = number.digits * 10 + static_cast<unsigned char>(*position - '0');
        }
        if (position == begin) expected(position, "a digit");
        number.digit_count += static_cast<std::size_t>(position - begin);
        return position;
    }

    const char* skip_literal(const char* position, std::string_view literal) const {
        if (!std::string_view(position, end_).starts_with(literal)) expected(position, "a value");
        return position + literal.size();
    }

    const char* skip_white_space(const char* position) const {
        while (position != end_ &&
               (*position == ' ' || *position == '\n' || *position == '\r' || *position == '\t')) {
            ++position;
        }
        return position;
    }

    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    char peek(const char* position) const { return position != end_ ? *position : '\0'; }

    [[noreturn]] void expected(const char* position, const char* what) const {
        fail_expected(text_, position, what);
    }

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
    const char* const end_;
    Builder& builder_;
    const std::size_t max_depth_;
    std::size_t depth_left_;
    const std::size_t max_elements_;
    std::size_t elements_left_;
};

}  // namespace jsocket
