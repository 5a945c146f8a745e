// SPDX-License-Identifier: Apache-2.0
#include "core/json_reader.hpp"

#include <jsocket/json_text.hpp>

namespace jsocket {
namespace {

/// Makes nothing of a text.
struct Validator {
    struct Value {};
    struct Object {
        Object(Validator&, Value) {}
        Value member(std::string_view, bool) { return {}; }
        void end() {}
    };
    struct Array {
        Array(Validator&, Value) {}
        Value element() { return {}; }
        void end() {}
    };
    void string(Value, std::string_view, bool) {}
    void number(Value, const NumberText&) {}
    void boolean(Value, bool) {}
    void null(Value) {}
};

void append_escaped(std::string& out, unsigned char byte) {
    constexpr char digits[] = "0123456789abcdef";
    out += {'\\', 'x', digits[byte >> 4], digits[byte & 0xF]};
}

}  // namespace

void validate(std::string_view text, const Limits& limits) {
    Validator validator;
    JsonReader<Validator>(text, limits, validator).read({});
}

std::string compact(std::string_view text, const Limits& limits) {
    validate(text, limits);
    std::string out;
    out.reserve(text.size());
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string && c == '\\') {
            out += c;
            out += text[++i];  // there is one, or validate() had thrown
            continue;
        }
        if (c == '"') in_string = !in_string;
        if (in_string || (c != ' ' && c != '\t' && c != '\n' && c != '\r')) out += c;
    }
    return out;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
    std::string out;
    for (const char c : text.substr(0, max_bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            out += c;
        } else {
            append_escaped(out, byte);
        }
    }
    if (text.size() > max_bytes) out += "...";
    return out;
}

}  // namespace jsocket
