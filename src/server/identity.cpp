// SPDX-License-Identifier: Apache-2.0
#include "server/identity.hpp"

#include "core/utf8.hpp"

namespace jsocket {
namespace {

constexpr std::size_t max_identity_size = 256;

/// What Python's str() makes of a value: the Python package names clients by it.
void append_python_text(const json& value, bool quoted, std::string& out) {
    if (value.is_object() || value.is_array()) {
        out += value.is_object() ? '{' : '[';
        bool first = true;
        for (const auto& [name, member] : value.items()) {
            if (out.size() > max_identity_size) break;  // it will be cut anyway
            if (!first) out += ", ";
            first = false;
            if (value.is_object()) out += '\'' + name + "': ";
            append_python_text(member, true, out);
        }
        out += value.is_object() ? '}' : ']';
    } else if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        out += quoted ? '\'' + text + '\'' : text;
    } else if (value.is_boolean()) {
        out += value.get<bool>() ? "True" : "False";
    } else {
        out += value.is_null() ? "None" : value.dump();
    }
}

}  // namespace

const json* identity_member(const json& message) {
    if (!message.is_object()) return nullptr;
    for (const char* name : {"client", "client_id"}) {
        if (const auto member = message.find(name); member != message.end()) return &*member;
    }
    return nullptr;
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
