// SPDX-License-Identifier: Apache-2.0
#include "core/judge.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>

namespace jsocket::test {
namespace {

using nlohmann::json;

/// Counts what nlohmann-json's parser finds, and notices integers that it makes a double of.
class Counter : public nlohmann::json_sax<json> {
  public:
    bool null() override { return value(); }
    bool boolean(bool) override { return value(); }
    bool number_integer(json::number_integer_t) override { return value(); }
    bool number_unsigned(json::number_unsigned_t) override { return value(); }
    bool number_float(json::number_float_t, const std::string& text) override {
        rounded_ = rounded_ || text.find_first_of(".eE") == std::string::npos;
        return value();
    }
    bool string(std::string&) override { return value(); }
    bool binary(json::binary_t&) override { return value(); }
    bool start_object(std::size_t) override { return enter(); }
    bool key(std::string&) override { return true; }
    bool end_object() override { return leave(); }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override { return leave(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        return false;
    }

    std::size_t elements() const { return elements_; }
    std::size_t deepest() const { return deepest_; }
    bool rounded() const { return rounded_; }

  private:
    bool value() {
        ++elements_;
        return true;
    }
    bool enter() {
        deepest_ = std::max(deepest_, ++depth_);
        return value();
    }
    bool leave() {
        --depth_;
        return true;
    }

    std::size_t elements_ = 0;
    std::size_t depth_ = 0;
    std::size_t deepest_ = 0;
    bool rounded_ = false;
};

bool accepts(std::string_view text, Counter& counter) {
    return json::sax_parse(text.begin(), text.end(), &counter);
}

/// Calls `visit(character, within a string)` for each character.
template <typename Visit>
void walk(std::string_view text, Visit visit) {
    bool in_string = false;
    bool escaped = false;
    for (const char c : text) {
        visit(c, in_string || c == '"');
        if (in_string && c == '\\' && !escaped) {
            escaped = true;
            continue;
        }
        if (c == '"' && !escaped) in_string = !in_string;
        escaped = false;
    }
}

/// Cuts exponents to two digits, so that no number is refused for its size. How many digits an
/// exponent has does not matter to the grammar.
std::string with_small_exponents(std::string_view text) {
    std::string result;
    int digits = -1;  // of the exponent; -1 outside of one
    walk(text, [&](char c, bool in_string) {
        const bool digit = c >= '0' && c <= '9';
        if (in_string) {
            digits = -1;
        } else if (c == 'e' || c == 'E') {
            digits = 0;
        } else if (digit && digits >= 0) {
            if (++digits > 2) return;
        } else if (digits != 0 || (c != '+' && c != '-')) {
            digits = -1;
        }
        result += c;
    });
    return result;
}

/// The length of the UTF-8 sequence that `text` begins with; 0 if it is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = byte(0);
    const std::size_t length = first < 0x80           ? 1
                               : (first >> 5) == 0x06 ? 2
                               : (first >> 4) == 0x0E ? 3
                               : (first >> 3) == 0x1E ? 4
                                                      : 0;
    if (length < 2) return length;
    if (text.size() < length) return 0;
    std::uint32_t code_point = first & (0x7F >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) >> 6) != 0x02) return 0;
        code_point = (code_point << 6) | (byte(i) & 0x3F);
    }
    constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    return code_point >= smallest[length] && code_point <= 0x10FFFF && !surrogate ? length : 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

Judgement judge(std::string_view text) {
    Judgement result;
    result.utf8 = is_utf8(text);
    // nlohmann-json takes a NUL for the end of the text, and passes over a byte order mark.
    if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) {
        return result;
    }
    Counter counter;
    result.json = accepts(with_small_exponents(text), counter);
    result.depth = counter.deepest();
    result.elements = counter.elements();
    Counter strict;
    result.exact = accepts(text, strict) && !strict.rounded();
    return result;
}

std::string without_white_space(std::string_view text) {
    std::string result;
    walk(text, [&](char c, bool in_string) {
        const bool white_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (in_string || !white_space) result += c;
    });
    return result;
}

}  // namespace jsocket::test
