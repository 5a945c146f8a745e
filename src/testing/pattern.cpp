// SPDX-License-Identifier: Apache-2.0
#include "testing/pattern.hpp"

#include <jsocket/json_text.hpp>
#include <jsocket/testing/script.hpp>

#include <cstdint>

namespace jsocket::testing {
namespace {

constexpr std::size_t max_shown = 200;

// No JSON text can stand for a binary value, so no message is mistaken for one.
constexpr std::uint64_t anything_kind = 0x616E79;

constexpr const char* anything_text = "<anything>";

bool is_anything(const json& value) {
    return value.is_binary() && value.get_binary().has_subtype() &&
           value.get_binary().subtype() == anything_kind;
}

/// `pattern` with what `got` (may be null) has in place of each anything().
json filled(const json& pattern, const json* got) {
    if (is_anything(pattern)) return got ? *got : json(anything_text);
    if (!pattern.is_structured()) return pattern;
    json result = pattern;
    if (pattern.is_object()) {
        for (const auto& [name, value] : result.items()) {
            const bool there = got != nullptr && got->is_object() && got->contains(name);
            value = filled(pattern.at(name), there ? &got->at(name) : nullptr);
        }
    } else {
        for (std::size_t i = 0; i < result.size(); ++i) {
            const bool there = got != nullptr && got->is_array() && i < got->size();
            result[i] = filled(pattern.at(i), there ? &got->at(i) : nullptr);
        }
    }
    return result;
}

}  // namespace

json anything() { return json::binary({}, anything_kind); }

std::string shown(const json& value) {
    const json text = filled(value, nullptr);
    return printable(text.dump(-1, ' ', true, json::error_handler_t::replace), max_shown);
}

std::optional<std::string> difference(const json& pattern, const json& got) {
    const json expected = filled(pattern, &got);
    if (expected == got) return std::nullopt;
    const json patch = json::diff(expected, got);
    const json& first = patch.front();
    const std::string path = first.at("path");
    const std::string where = path.empty() ? "" : "at " + printable(path) + ": ";
    if (first.at("op") == "add")
        return where + "there is " + shown(first.at("value")) + " in excess";
    const std::string was = shown(expected.at(json::json_pointer(path)));
    if (first.at("op") == "remove") return where + "there is nothing instead of " + was;
    return where + "there is " + shown(first.at("value")) + " instead of " + was;
}

}  // namespace jsocket::testing
