// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/convert.hpp>

#include <concepts>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace jsocket::rpc {

/// What values of T look like in JSON, as a JSON Schema. For a type of one's own, whose from_json()
/// cannot be looked into, anything; specialise it to say more:
///
///     template <>
///     struct jsocket::rpc::Schema<Point> {
///         static json value() {
///             return {{"type", "object"}, {"properties", {{"x", Schema<int>::value()}}}};
///         }
///     };
template <typename T>
struct Schema {
    /// The schema.
    static json value();
};

/// @cond what Schema consists of

/// Member by member: nlohmann's braces make arrays on the way, whose destructor ends the process if
/// there is no memory for it.
inline json schema_of_type(const char* type) {
    json schema = json::object();
    schema["type"] = type;
    return schema;
}

template <typename T>
json tuple_schema() {
    json items = json::array();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (items.push_back(Schema<std::tuple_element_t<I, T>>::value()), ...);
    }
    (std::make_index_sequence<std::tuple_size_v<T>>());
    const std::size_t size = items.size();
    json schema = schema_of_type("array");
    schema["minItems"] = size;
    schema["maxItems"] = size;
    if (size > 0) schema["items"] = std::move(items);  // which a JSON Schema cannot have empty
    return schema;
}

template <typename T>
json Schema<T>::value() {
    // NOLINTNEXTLINE(bugprone-branch-clone): further down it would be a Sequence
    if constexpr (std::same_as<T, json>) {
        return json::object();
    } else if constexpr (std::is_void_v<T>) {
        return schema_of_type("null");
    } else if constexpr (std::same_as<T, bool>) {
        return schema_of_type("boolean");
    } else if constexpr (std::integral<T>) {
        json schema = schema_of_type("integer");
        schema["minimum"] = std::numeric_limits<T>::min();
        schema["maximum"] = std::numeric_limits<T>::max();
        return schema;
    } else if constexpr (std::floating_point<T>) {
        return schema_of_type("number");
    } else if constexpr (std::same_as<T, std::string>) {
        return schema_of_type("string");
    } else if constexpr (is_optional<T>) {
        json choices = json::array();
        choices.push_back(Schema<typename T::value_type>::value());
        choices.push_back(schema_of_type("null"));
        json schema = json::object();
        schema["anyOf"] = std::move(choices);
        return schema;
    } else if constexpr (TupleLike<T>) {
        return tuple_schema<T>();
    } else if constexpr (StringMap<T>) {
        json schema = schema_of_type("object");
        schema["additionalProperties"] = Schema<typename T::mapped_type>::value();
        return schema;
    } else if constexpr (Sequence<T>) {
        json schema = schema_of_type("array");
        schema["items"] = Schema<typename T::value_type>::value();
        return schema;
    } else {
        return json::object();
    }
}

/// @endcond

}  // namespace jsocket::rpc
