// SPDX-License-Identifier: Apache-2.0
#include "core/json_writer.hpp"

#include "core/plain_text.hpp"
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

}  // namespace

JsonWriter::JsonWriter(std::string& out, const Limits& limits)
    : out_(out),
      max_depth_(std::min(limits.max_depth, largest_depth)),
      depth_left_(max_depth_),
      max_elements_(limits.max_elements),
      elements_left_(max_elements_) {}

void JsonWriter::write(const json& value) {
    write_value(value);
    flush();
}

void JsonWriter::write_value(const json& value) {
    if (elements_left_-- == 0) {
        throw UsageError("message of more than max_elements " + std::to_string(max_elements_) +
                         " values");
    }
    switch (value.type()) {
        case json::value_t::object:
            return write_object(*value.get_ptr<const json::object_t*>());
        case json::value_t::array:
            return write_array(*value.get_ptr<const json::array_t*>());
        case json::value_t::string:
            return write_string(*value.get_ptr<const std::string*>());
        case json::value_t::boolean:
            return put(*value.get_ptr<const bool*>() ? "true" : "false");
        case json::value_t::number_integer:
            return write_integer(*value.get_ptr<const std::int64_t*>());
        case json::value_t::number_unsigned:
            return write_integer(*value.get_ptr<const std::uint64_t*>());
        case json::value_t::number_float:
            return write_decimal(*value.get_ptr<const double*>());
        case json::value_t::null:
            return put("null");
        case json::value_t::binary:
        case json::value_t::discarded:
            break;
    }
    throw UsageError("message with a value that JSON does not have: " +
                     std::string(value.type_name()));
}

void JsonWriter::write_object(const json::object_t& members) {
    enter();
    put('{');
    bool first = true;
    for (const auto& [name, member] : members) {
        if (!first) put(',');
        first = false;
        write_string(name);
        put(':');
        write_value(member);
    }
    put('}');
    ++depth_left_;
}

void JsonWriter::write_array(const json::array_t& elements) {
    enter();
    put('[');
    bool first = true;
    for (const json& element : elements) {
        if (!first) put(',');
        first = false;
        write_value(element);
    }
    put(']');
    ++depth_left_;
}

void JsonWriter::write_string(const std::string& text) {
    put('"');
    const char* position = text.data();
    const char* const end = position + text.size();
    while (position != end) {
        const auto left = static_cast<std::size_t>(end - position);
        const std::size_t size = std::min(left, buffer_.size());
        char* const begin = reserve(size);
        char* out = begin;
        const char* const stop = position + size;
        copy_plain(position, stop, out);
        used_ += static_cast<std::size_t>(out - begin);
        if (position != stop) write_special(position, end);
    }
    put('"');
}

/// One character that is not plain.
void JsonWriter::write_special(const char*& position, const char* end) {
    const std::size_t length = utf8_sequence_length(position, end);
    if (length == 0) throw UsageError("message with a string that is not UTF-8");
    const std::string_view character(position, length);
    position += length;
    if (length > 1) return put(character);
    switch (character.front()) {
        case '"':
            return put("\\\"");
        case '\\':
            return put("\\\\");
        case '\b':
            return put("\\b");
        case '\f':
            return put("\\f");
        case '\n':
            return put("\\n");
        case '\r':
            return put("\\r");
        case '\t':
            return put("\\t");
        default:
            break;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    const auto code = static_cast<unsigned char>(character.front());
    put("\\u00");
    put(digits[code >> 4]);
    put(digits[code & 0xF]);
}

template <typename T>
void JsonWriter::write_integer(T value) {
    char* const begin = reserve(longest_number);
    used_ +=
        static_cast<std::size_t>(std::to_chars(begin, begin + longest_number, value).ptr - begin);
}

void JsonWriter::write_decimal(double value) {
    if (!std::isfinite(value)) {
        throw UsageError("message with a number that JSON does not have: NaN or infinity");
    }
    if (write_short_decimal(value)) return;
    char* const begin = reserve(longest_number);
    // As dump() does. The standard's to_chars() has exponents in another form.
    used_ += static_cast<std::size_t>(
        nlohmann::detail::to_chars(begin, begin + longest_number, value) - begin);
}

/// Prices, percentages, measures: with one to three digits after the point, without the search for
/// the shortest text that is read as this double. (Measured: a third of the time.)
///
/// That search, Grisu2, misses a text which is nearly half way to the next double, by less than
/// 2^-10 of their distance. Of these none is: the distance from a double to m/10^k, as a part of
/// that to the next double, is a multiple of 1/5^k, and so at least 1/250 from one half.
bool JsonWriter::write_short_decimal(double value) {
    constexpr double largest = 1e11;  // 14 digits, of which no two texts are the same double
    constexpr std::uint64_t scale = 1'000;
    const double magnitude = std::fabs(value);
    if (!(magnitude < largest)) return false;
    auto whole = static_cast<std::uint64_t>(magnitude * scale + 0.5);
    if (static_cast<double>(whole) / scale != magnitude) return false;
    if (std::signbit(value)) put('-');
    write_integer(whole / scale);
    whole %= scale;
    std::size_t digits = 3;
    for (; digits > 1 && whole % 10 == 0; --digits) whole /= 10;
    char* const begin = reserve(digits + 1);
    *begin = '.';
    for (std::size_t i = digits; i > 0; whole /= 10) {
        begin[i--] = static_cast<char>('0' + whole % 10);
    }
    used_ += digits + 1;
    return true;
}

void JsonWriter::enter() {
    if (depth_left_-- == 0) {
        throw UsageError("message nested deeper than max_depth " + std::to_string(max_depth_));
    }
}

/// Room for `size` more characters, no more than the buffer has.
char* JsonWriter::reserve(std::size_t size) {
    if (buffer_.size() - used_ < size) flush();
    return buffer_.data() + used_;
}

void JsonWriter::put(std::string_view text) {
    std::memcpy(reserve(text.size()), text.data(), text.size());
    used_ += text.size();
}

void JsonWriter::flush() {
    out_.append(buffer_.data(), used_);
    used_ = 0;
}

}  // namespace jsocket
