// SPDX-License-Identifier: Apache-2.0
#include "server/identity.hpp"

#include "core/utf8.hpp"

namespace jsocket {
namespace {

constexpr std::size_t max_identity_size = 256;

/// A string as Python's repr() shows it.
void append_python_string(const std::string& text, std::string& out) {
    const bool double_quotes =
        text.find('\'') != std::string::npos && text.find('"') == std::string::npos;
    const char quote = double_quotes ? '"' : '\'';
    out += quote;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7F) {
            constexpr char digits[] = "0123456789abcdef";
            out += {'\\', 'x', digits[byte >> 4], digits[byte & 0xF]};
        } else {
            if (c == '\\' || c == quote) out += '\\';
            out += c;
        }
    }
    out += quote;
}

/// A value as Python's str() shows it, by which the Python package names clients; within a list or
/// an object as repr() does. What is longer than a name is cut short.
void append_python_text(const json& value, bool within, std::string& out) {
    if (value.is_object() || value.is_array()) {
        out += value.is_object() ? '{' : '[';
        bool first = true;
        for (const auto& [name, member] : value.items()) {
            if (out.size() > max_identity_size) break;
            if (!first) out += ", ";
            first = false;
            if (value.is_object()) {
                append_python_string(name, out);
                out += ": ";
            }
            append_python_text(member, true, out);
        }
        out += value.is_object() ? '}' : ']';
    } else if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (within) {
            append_python_string(text, out);
        } else {
            out += text;
        }
    } else if (value.is_boolean()) {
        out += value.get<bool>() ? "True" : "False";
    } else {
        out += value.is_null() ? "None" : value.dump();
    }
}

}  // namespace

const json* identity_member(const json& message) {
    if (!message.is_object()) return nullptr;
    const auto& members = *message.get_ptr<const json::object_t*>();
    // The names being sorted, one search finds that there is neither.
    constexpr std::string_view name = "client";
    const auto member = members.lower_bound(name);
    if (member == members.end() || !member->first.starts_with(name)) return nullptr;
    if (member->first == name) return &member->second;
    const auto other = members.find("client_id");
    return other == members.end() ? nullptr : &other->second;
}

std::optional<std::string> identity_of(const json& message) {
    const json* member = identity_member(message);
    if (!member || member->is_null()) return std::nullopt;
    std::string text;
    append_python_text(*member, false, text);
    text = identity_text(text);
    if (text.empty()) return std::nullopt;
    return text;
}

std::string_view identity_text(std::string_view name) {
    constexpr std::string_view white_space = " \t\n\r\f\v";
    const std::size_t begin = name.find_first_not_of(white_space);
    if (begin == std::string_view::npos) return {};
    name.remove_prefix(begin);
    name.remove_suffix(name.size() - 1 - name.find_last_not_of(white_space));
    return utf8_prefix(name, max_identity_size);
}

}  // namespace jsocket
