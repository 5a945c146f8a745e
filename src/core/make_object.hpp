// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/discard.hpp"

#include <jsocket/json.hpp>

#include <string>
#include <string_view>
#include <utility>

/// What nlohmann::json does in a word, without the destructor or the noexcept function on the way
/// that needs memory, and ends the process if there is none.
namespace jsocket {

inline void set_members(json&) {}

template <typename Value, typename... Others>
void set_members(json& object, const char* name, Value&& value, Others&&... others) {
    object[name] = std::forward<Value>(value);
    set_members(object, std::forward<Others>(others)...);
}

/// The object of these names and values, which alternate; braces would make arrays on the way.
template <typename... Members>
json make_object(Members&&... members) {
    Tree object{json::object()};
    set_members(object.value, std::forward<Members>(members)...);
    return std::move(object.value);
}

/// Is it that string? For == the text would be made a tree.
inline bool is_text(const json& value, std::string_view text) {
    return value.is_string() && value.get_ref<const std::string&>() == text;
}

}  // namespace jsocket
