// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/error.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// JSON values as C++ values, checked: nothing is rounded, cut or turned into another kind on the
/// way, as nlohmann::json's own conversions do with numbers.
///
///     int n = rpc::convert<int>(value, "n");  // throws ConversionError for 4294967297, 3.9, true
///
///   bool               true, false
///   integers           whole numbers in range, also if written as 3.0
///   float, double      numbers in range; of integers only those that it holds exactly
///   std::string        strings
///   std::optional<T>   null, or a T
///   containers         arrays of T; objects, for maps from std::string
///   std::array, pair,  arrays of that many
///   tuple
///   json               anything
///   all others         what nlohmann::json's get<T>() takes, that is, what has a from_json(),
///                      which refuses a value by throwing; and if there is a to_json() as well, no
///                      number that it shows was narrowed on the way, and an enumerator is the one
///                      that was named. A from_json() alone cannot be checked.
namespace jsocket::rpc {

/// Where a value stands, for error messages; made on the stack on the way into it.
struct Place {
    const Place* outer = nullptr;  ///< what it is within; null for the outermost
    std::string_view name = {};    ///< of a parameter or a member
    std::size_t index = 0;         ///< of an array's element, which has no name
};

/// "points[3].x"
std::string to_string(const Place& place);

/// Moves out of `value` what can be moved. Throws ConversionError.
template <typename T>
T convert(json& value, const Place& place);

/// The same for a value called `name` in error messages.
template <typename T>
T convert(json&& value, std::string_view name) {
    return convert<T>(value, Place{.name = name});
}

/// The same, which leaves `value` as it is.
template <typename T>
T convert(const json& value, std::string_view name) {
    json copy = value;
    return convert<T>(copy, Place{.name = name});
}

/// @cond what convert() consists of

[[noreturn]] void fail_conversion(const json& value, const char* expected, const Place& place);
bool to_bool(const json& value, const Place& place);
std::int64_t to_signed(const json& value, std::int64_t smallest, std::int64_t largest,
                       const Place& place);
std::uint64_t to_unsigned(const json& value, std::uint64_t largest, const Place& place);
float to_float(const json& value, const Place& place);
double to_double(const json& value, const Place& place);

/// The element, if the value is an array of `size` elements.
void require_array(const json& value, const Place& place);
void require_array(const json& value, std::size_t size, const Place& place);
void require_object(const json& value, const Place& place);

/// Throws what a from_json() has thrown, as a ConversionError; but an RpcError, another Error and
/// std::bad_alloc as they are.
[[noreturn]] void rethrow_from_json(const Place& place);

/// Throws ConversionError if a number in `kept` is what is left of one in `given` that was forced
/// into a type too small for it. `kept` is what to_json() made of what from_json() made of `given`.
void check_narrowing(const json& given, const json& kept, const Place& place);

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <typename T>
concept StringMap = std::same_as<typename T::key_type, std::string> && requires(T map) {
    map.emplace(std::string(), std::declval<typename T::mapped_type>());
};

template <typename T>
concept Sequence = !std::same_as<T, std::string> && requires(T container) {
    container.insert(container.end(), std::declval<typename T::value_type>());
};

template <typename T>
concept TupleLike = requires {
    std::tuple_size<T>::value;
};

template <typename T>
T convert_tuple(json& value, const Place& place) {
    constexpr std::size_t size = std::tuple_size_v<T>;
    require_array(value, size, place);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return T{
            convert<std::tuple_element_t<I, T>>(value[I], Place{.outer = &place, .index = I})...};
    }
    (std::make_index_sequence<size>());
}

template <typename T>
T convert_sequence(json& value, const Place& place) {
    require_array(value, place);
    T result;
    for (std::size_t i = 0; i < value.size(); ++i) {
        result.insert(result.end(), convert<typename T::value_type>(
                                        value[i], Place{.outer = &place, .index = i}));
    }
    return result;
}

template <typename T>
T convert_map(json& value, const Place& place) {
    require_object(value, place);
    T result;
    for (const auto& [name, member] : value.items()) {
        result.emplace(
            name, convert<typename T::mapped_type>(member, Place{.outer = &place, .name = name}));
    }
    return result;
}

template <typename T>
T get_from_json(const json& value, const Place& place) {
    try {
        return value.get<T>();
    } catch (...) {
        rethrow_from_json(place);
    }
}

template <typename T>
T convert_by_from_json(const json& value, const Place& place) {
    T result = get_from_json<T>(value, place);
    if constexpr (std::is_constructible_v<json, const T&>) {
        const json kept(static_cast<const T&>(result));
        check_narrowing(value, kept, place);
        // NLOHMANN_JSON_SERIALIZE_ENUM takes anything else for the first value.
        if (std::is_enum_v<T> && kept != value) fail_conversion(value, "one of the values", place);
    }
    return result;
}

template <typename T>
T convert(json& value, const Place& place) {
    if constexpr (std::same_as<T, json>) {
        return std::move(value);
    } else if constexpr (std::same_as<T, bool>) {
        return to_bool(value, place);
    } else if constexpr (std::signed_integral<T>) {
        return static_cast<T>(
            to_signed(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), place));
    } else if constexpr (std::unsigned_integral<T>) {
        return static_cast<T>(to_unsigned(value, std::numeric_limits<T>::max(), place));
    } else if constexpr (std::same_as<T, float>) {
        return to_float(value, place);
    } else if constexpr (std::floating_point<T>) {
        return to_double(value, place);
    } else if constexpr (std::same_as<T, std::string>) {
        if (!value.is_string()) fail_conversion(value, "a string", place);
        return std::move(value.get_ref<std::string&>());
    } else if constexpr (is_optional<T>) {
        if (value.is_null()) return std::nullopt;
        return convert<typename T::value_type>(value, place);
    } else if constexpr (TupleLike<T>) {
        return convert_tuple<T>(value, place);
    } else if constexpr (StringMap<T>) {
        return convert_map<T>(value, place);
    } else if constexpr (Sequence<T>) {
        return convert_sequence<T>(value, place);
    } else {
        return convert_by_from_json<T>(value, place);
    }
}

/// @endcond

}  // namespace jsocket::rpc
