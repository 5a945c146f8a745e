// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/convert.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace jsocket::rpc {

/// @cond what to_value() consists of
template <typename T>
json to_value(T&& value);

template <typename T>
json tuple_to_value(T&& value) {
    json array = json::array();
    std::apply(
        [&array](auto&&... elements) {
            (array.push_back(to_value(std::forward<decltype(elements)>(elements))), ...);
        },
        std::forward<T>(value));
    return array;
}

/// @endcond

/// A C++ value as JSON: what nlohmann::json makes of it, which is what its to_json() says; and null
/// for an empty std::optional, which nlohmann::json does not know, also within containers.
template <typename T>
json to_value(T&& value) {
    using Type = std::remove_cvref_t<T>;
    if constexpr (is_optional<Type>) {
        return value ? to_value(*std::forward<T>(value)) : json();
    } else if constexpr (std::is_constructible_v<json, T>) {
        return json(std::forward<T>(value));
    } else if constexpr (TupleLike<Type>) {
        return tuple_to_value(std::forward<T>(value));
    } else if constexpr (StringMap<Type>) {
        json object = json::object();
        for (auto& [name, member] : value) object[name] = to_value(member);
        return object;
    } else {
        static_assert(Sequence<Type>, "the type of the result needs a to_json()");
        json array = json::array();
        for (auto&& element : value) array.push_back(to_value(element));
        return array;
    }
}

}  // namespace jsocket::rpc
