// SPDX-License-Identifier: Apache-2.0
#include "core/json_scanner.hpp"

#include "core/utf8.hpp"

#include <jsocket/json_text.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>

namespace jsocket {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

}  // namespace

JsonScanner::JsonScanner(std::string_view text, const Limits& limits, Integers integers)
    : begin_(text.data()),
      end_(text.data() + text.size()),
      position_(begin_),
      max_depth_(std::min(limits.max_depth, largest_depth)),
      max_elements_(limits.max_elements),
      integers_(integers) {}

void JsonScanner::scan() {
    skip_white_space();
    do {
        while (!scan_value()) {
        }
    } while (!scan_after_value());
    if (position_ != end_) expected("the end of the message");
}

/// Goes over one value, or into a container up to its first value. Is a value complete?
bool JsonScanner::scan_value() {
    if (++elements_ > max_elements_) {
        fail(PayloadError::Kind::too_complex,
             "message of more than max_elements " + std::to_string(max_elements_) + " values");
    }
    switch (peek()) {
        case '{':
            open(true);
            if (peek() != '}') {
                scan_member_name();
                return false;
            }
            close();
            return true;
        case '[':
            open(false);
            if (peek() != ']') return false;
            close();
            return true;
        case '"':
            scan_string();
            return true;
        case 't':
            scan_literal("true");
            return true;
        case 'f':
            scan_literal("false");
            return true;
        case 'n':
            scan_literal("null");
            return true;
        default:
            scan_number();
            return true;
    }
}

/// Goes on behind a complete value, up to the next one. Was it the last?
bool JsonScanner::scan_after_value() {
    for (;;) {
        skip_white_space();
        if (depth_ == 0) return true;
        const bool object = is_object_[depth_];
        if (peek() == ',') {
            ++position_;
            skip_white_space();
            if (object) scan_member_name();
            return false;
        }
        if (peek() != (object ? '}' : ']')) expected(object ? "',' or '}'" : "',' or ']'");
        close();
    }
}

void JsonScanner::scan_member_name() {
    if (peek() != '"') expected("the name of a member");
    scan_string();
    skip_white_space();
    if (peek() != ':') expected("':'");
    ++position_;
    skip_white_space();
}

void JsonScanner::scan_string() {
    ++position_;
    while (position_ != end_) {
        const char c = *position_;
        if (c == '"') {
            ++position_;
            return;
        }
        if (c == '\\') {
            scan_escape();
        } else if (!is_ascii(c)) {
            scan_utf8();
        } else if (is_control(c)) {
            expected("no control character in a string");
        } else {
            ++position_;
        }
    }
    expected("'\"' at the end of a string");
}

void JsonScanner::scan_escape() {
    ++position_;
    const char c = peek();
    if (c != 'u') {
        if (c == '\0' || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) {
            expected("an escape sequence");
        }
        ++position_;
        return;
    }
    ++position_;
    const unsigned unit = scan_hex4();
    if (unit >= 0xDC00 && unit <= 0xDFFF) expected("no low surrogate by itself");
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        if (end_ - position_ < 2 || position_[0] != '\\' || position_[1] != 'u') {
            expected("a low surrogate behind the high one");
        }
        position_ += 2;
        const unsigned low = scan_hex4();
        if (low < 0xDC00 || low > 0xDFFF) expected("a low surrogate behind the high one");
    }
}

unsigned JsonScanner::scan_hex4() {
    unsigned value = 0;
    if (end_ - position_ < 4) expected("four hexadecimal digits");
    const auto [stop, error] = std::from_chars(position_, position_ + 4, value, 16);
    if (error != std::errc() || stop != position_ + 4) expected("four hexadecimal digits");
    position_ += 4;
    return value;
}

void JsonScanner::scan_utf8() {
    const std::size_t length = utf8_sequence_length(position_, end_);
    if (length == 0) expected("UTF-8");
    position_ += length;
}

void JsonScanner::scan_number() {
    const char* const begin = position_;
    if (peek() == '-') ++position_;
    if (!is_digit(peek())) {
        position_ = begin;
        expected("a value");
    }
    if (peek() == '0') {
        ++position_;
    } else {
        scan_digits();
    }
    bool integer = true;
    if (peek() == '.') {
        integer = false;
        ++position_;
        scan_digits();
    }
    if (peek() == 'e' || peek() == 'E') {
        integer = false;
        ++position_;
        if (peek() == '+' || peek() == '-') ++position_;
        scan_digits();
    }
    if (integer && integers_ == Integers::fitting) check_integer(begin);
}

void JsonScanner::scan_digits() {
    if (!is_digit(peek())) expected("a digit");
    while (is_digit(peek())) ++position_;
}

void JsonScanner::check_integer(const char* begin) const {
    std::errc error{};
    if (*begin == '-') {
        std::int64_t value = 0;
        error = std::from_chars(begin, position_, value).ec;
    } else {
        std::uint64_t value = 0;
        error = std::from_chars(begin, position_, value).ec;
    }
    if (error != std::errc()) {
        fail(PayloadError::Kind::invalid_json,
             "integer beyond 64 bits at byte " + std::to_string(begin - begin_) + ": " +
                 printable({begin, std::size_t(position_ - begin)}));
    }
}

void JsonScanner::scan_literal(std::string_view literal) {
    if (!std::string_view(position_, end_).starts_with(literal)) expected("a value");
    position_ += literal.size();
}

void JsonScanner::skip_white_space() {
    while (position_ != end_ &&
           (*position_ == ' ' || *position_ == '\n' || *position_ == '\r' || *position_ == '\t')) {
        ++position_;
    }
}

void JsonScanner::open(bool object) {
    if (++depth_ > max_depth_) {
        fail(PayloadError::Kind::too_deep,
             "message nested deeper than max_depth " + std::to_string(max_depth_));
    }
    is_object_[depth_] = object;
    ++position_;
    skip_white_space();
}

void JsonScanner::close() {
    --depth_;
    ++position_;
}

void JsonScanner::expected(const char* what) const {
    const std::string_view rest(position_, end_);
    fail(PayloadError::Kind::invalid_json,
         "invalid JSON at byte " + std::to_string(position_ - begin_) + ": expected " + what +
             ", found " + (rest.empty() ? "the end" : '"' + printable(rest, 30) + '"'));
}

/// Text that is not UTF-8 is reported as that, whatever else is wrong with it.
void JsonScanner::fail(PayloadError::Kind kind, const std::string& what) const {
    if (const auto bad = find_invalid_utf8({begin_, end_})) {
        throw PayloadError(PayloadError::Kind::invalid_utf8,
                           "invalid UTF-8 at byte " + std::to_string(*bad));
    }
    throw PayloadError(kind, what);
}

}  // namespace jsocket
