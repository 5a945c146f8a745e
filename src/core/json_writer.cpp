// SPDX-License-Identifier: Apache-2.0
#include "core/json_writer.hpp"

#include "core/plain_text.hpp"
#include "core/short_decimal.hpp"
#include "core/utf8.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace jsocket {
namespace {

// Of 64-bit integers, and of what nlohmann prints of a double.
constexpr std::size_t longest_number = 64;

constexpr std::size_t longest_escape = 6;  // "\\u001f"

/// What comes behind the backslash for characters that have a letter, and 0 for others.
constexpr std::array<char, 128> escape_letters = [] {
    std::array<char, 128> letters{};
    letters['\b'] = 'b';
    letters['\f'] = 'f';
    letters['\n'] = 'n';
    letters['\r'] = 'r';
    letters['\t'] = 't';
    letters['"'] = '"';
    letters['\\'] = '\\';
    return letters;
}();

/// An ASCII character that cannot stand for itself, in up to longest_escape characters.
char* write_escape(char character, char* out) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(character);
    *out++ = '\\';
    if (escape_letters[code] != 0) {
        *out++ = escape_letters[code];
        return out;
    }
    for (const char c : {'u', '0', '0', digits[code >> 4], digits[code & 0xF]}) *out++ = c;
    return out;
}

}  // namespace

JsonWriter::JsonWriter(std::string& text, const Limits& limits)
    : text_(text),
      max_depth_(std::min(limits.max_depth, largest_depth)),
      depth_left_(max_depth_),
      max_elements_(limits.max_elements),
      elements_left_(max_elements_) {}

void JsonWriter::write(const json& value) { flush(write_value(value, buffer_.data())); }

char* JsonWriter::write_value(const json& value, char* out) {
    if (elements_left_-- == 0) {
        throw UsageError("message of more than max_elements " + std::to_string(max_elements_) +
                         " values");
    }
    switch (value.type()) {
        case json::value_t::object:
            return write_object(*value.get_ptr<const json::object_t*>(), out);
        case json::value_t::array:
            return write_array(*value.get_ptr<const json::array_t*>(), out);
        case json::value_t::string:
            return write_string(*value.get_ptr<const std::string*>(), out);
        case json::value_t::boolean:
            return write_text(*value.get_ptr<const bool*>() ? "true" : "false", out);
        case json::value_t::number_integer:
            return write_integer(*value.get_ptr<const std::int64_t*>(), out);
        case json::value_t::number_unsigned:
            return write_integer(*value.get_ptr<const std::uint64_t*>(), out);
        case json::value_t::number_float:
            return write_decimal(*value.get_ptr<const double*>(), out);
        case json::value_t::null:
            return write_text("null", out);
        case json::value_t::binary:
        case json::value_t::discarded:
            break;
    }
    throw UsageError("message with a value that JSON does not have: " +
                     std::string(value.type_name()));
}

char* JsonWriter::write_object(const json::object_t& members, char* out) {
    enter();
    out = make_room(1, out);
    *out++ = '{';
    bool first = true;
    for (const auto& [name, member] : members) {
        if (!first) *(out = make_room(1, out))++ = ',';
        first = false;
        out = make_room(1, write_string(name, out));
        *out++ = ':';
        out = write_value(member, out);
    }
    out = make_room(1, out);
    *out++ = '}';
    ++depth_left_;
    return out;
}

char* JsonWriter::write_array(const json::array_t& elements, char* out) {
    enter();
    out = make_room(1, out);
    *out++ = '[';
    bool first = true;
    for (const json& element : elements) {
        if (!first) *(out = make_room(1, out))++ = ',';
        first = false;
        out = write_value(element, out);
    }
    out = make_room(1, out);
    *out++ = ']';
    ++depth_left_;
    return out;
}

char* JsonWriter::write_string(const std::string& text, char* out) {
    out = make_room(1, out);
    *out++ = '"';
    const char* position = text.data();
    const char* const end = position + text.size();
    while (position != end) {
        out = make_room(16, out);
        const std::size_t size = std::min(std::size_t(end - position), std::size_t(end_ - out));
        const std::size_t plain = copy_plain(position, size, out);
        position += plain;
        out += plain;
        // In most languages, what is not plain comes in runs.
        while (position != end && !is_plain(*position)) {
            const std::size_t length = utf8_sequence_length(position, end);
            if (length == 0) throw UsageError("message with a string that is not UTF-8");
            out = make_room(longest_escape, out);
            if (length == 1) {
                out = write_escape(*position++, out);
            } else {
                for (std::size_t i = 0; i < length; ++i) *out++ = *position++;
            }
        }
    }
    out = make_room(1, out);
    *out++ = '"';
    return out;
}

template <typename T>
char* JsonWriter::write_integer(T value, char* out) {
    out = make_room(longest_number, out);
    return std::to_chars(out, out + longest_number, value).ptr;
}

char* JsonWriter::write_decimal(double value, char* out) {
    if (!std::isfinite(value)) {
        throw UsageError("message with a number that JSON does not have: NaN or infinity");
    }
    out = make_room(longest_number, out);
    if (char* const end = print_short_decimal(value, out)) return end;
    // As dump() does. The standard's to_chars() has exponents in another form.
    return nlohmann::detail::to_chars(out, out + longest_number, value);
}

char* JsonWriter::write_text(std::string_view text, char* out) {
    out = make_room(text.size(), out);
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

void JsonWriter::enter() {
    if (depth_left_-- == 0) {
        throw UsageError("message nested deeper than max_depth " + std::to_string(max_depth_));
    }
}

/// Returns where to go on.
char* JsonWriter::flush(const char* out) {
    text_.append(buffer_.data(), static_cast<std::size_t>(out - buffer_.data()));
    return buffer_.data();
}

}  // namespace jsocket
