// SPDX-License-Identifier: Apache-2.0
#include <jsocket/json_text.hpp>
#include <jsocket/rpc/convert.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>

namespace jsocket::rpc {
namespace {

// The first doubles beyond what 64 bits hold.
constexpr double signed_end = 0x1p63;
constexpr double unsigned_end = 0x1p64;

std::string text_of(const json& value) {
    if (value.is_array()) return "an array";
    if (value.is_object()) return "an object";
    return printable(value.dump(-1, ' ', true, json::error_handler_t::replace), 40);
}

template <typename T>
[[noreturn]] void fail_range(const json& value, T smallest, T largest, const Place& place) {
    throw ConversionError(to_string(place), text_of(value) + " is not between " +
                                                std::to_string(smallest) + " and " +
                                                std::to_string(largest));
}

/// A whole number that is written as 3.0 or 1e3, as the integer that it is; all others unchanged.
json as_integer(const json& value) {
    if (!value.is_number_float()) return value;
    const double number = value.get<double>();
    if (number != std::trunc(number)) return value;
    if (number >= 0 && number < unsigned_end) return static_cast<std::uint64_t>(number);
    if (number < 0 && number >= -signed_end) return static_cast<std::int64_t>(number);
    return value;
}

bool is_negative(const json& integer) {
    return !integer.is_number_unsigned() && integer.get<std::int64_t>() < 0;
}

/// Are these numbers equal? nlohmann::json's == rounds integers to doubles, and takes -1 for the
/// largest unsigned integer.
bool same_number(const json& a, const json& b) {
    const json left = as_integer(a);
    const json right = as_integer(b);
    if (left.is_number_float() != right.is_number_float()) return false;
    if (left.is_number_float()) return left.get<double>() == right.get<double>();
    return is_negative(left) == is_negative(right) &&
           left.get<std::uint64_t>() == right.get<std::uint64_t>();
}

const json* to_integer(const json& value, json& storage, const Place& place) {
    const json* integer = &value;
    if (value.is_number_float()) {
        storage = as_integer(value);
        integer = &storage;
    }
    if (!integer->is_number_integer()) fail_conversion(value, "an integer", place);
    return integer;
}

template <typename T>
T to_floating(const json& value, const char* range, const char* exactness, const Place& place) {
    if (!value.is_number()) fail_conversion(value, "a number", place);
    const auto number = value.get<double>();
    if (std::abs(number) > static_cast<double>(std::numeric_limits<T>::max())) {
        fail_conversion(value, range, place);
    }
    const auto nearest = static_cast<T>(number);
    const bool exact = value.is_number_float() || same_number(value, static_cast<double>(nearest));
    if (!exact) fail_conversion(value, exactness, place);
    return nearest;
}

/// Is `kept` what is left of the integer `given` in a T?
template <typename T>
bool cut_to(const json& given, const json& kept) {
    const T cut = given.is_number_unsigned() ? static_cast<T>(given.get<std::uint64_t>())
                                             : static_cast<T>(given.get<std::int64_t>());
    return same_number(cut, kept);
}

bool is_cut(const json& given, const json& kept) {
    return cut_to<std::int8_t>(given, kept) || cut_to<std::uint8_t>(given, kept) ||
           cut_to<std::int16_t>(given, kept) || cut_to<std::uint16_t>(given, kept) ||
           cut_to<std::int32_t>(given, kept) || cut_to<std::uint32_t>(given, kept) ||
           cut_to<std::int64_t>(given, kept) || cut_to<std::uint64_t>(given, kept);
}

/// Is `kept` what is left of the integer `given` in a float or a double?
bool is_rounded(const json& given, const json& kept) {
    const auto number = kept.get<double>();
    return number == given.get<double>() || number == static_cast<double>(given.get<float>());
}

/// Has a conversion that knows no error made `kept` of the number or truth value `given`?
bool narrowed(const json& given, const json& kept) {
    if (given.is_boolean()) return kept.is_number() && kept == json(given.get<bool>() ? 1 : 0);
    if (!given.is_number()) return false;
    if (kept.is_boolean()) return true;
    if (!kept.is_number() || same_number(given, kept)) return false;
    if (given.is_number_integer()) {
        return kept.is_number_float() ? is_rounded(given, kept) : is_cut(given, kept);
    }
    if (kept.is_number_float()) return std::isinf(kept.get<double>());
    const double number = given.get<double>();
    if (!(number > -signed_end && number < unsigned_end)) return true;
    const double whole = std::trunc(number);
    return is_cut(whole < 0 ? json(static_cast<std::int64_t>(whole))
                            : json(static_cast<std::uint64_t>(whole)),
                  kept);
}

/// nlohmann's texts begin with "[json.exception.type_error.302] ", which tells a caller nothing.
std::string_view without_number(std::string_view text) {
    constexpr std::size_t none = std::string_view::npos;
    const std::size_t end = text.starts_with("[json.exception.") ? text.find("] ") : none;
    return end == none ? text : text.substr(end + 2);
}

}  // namespace

std::string to_string(const Place& place) {
    if (!place.outer) return std::string(place.name);
    std::string text = to_string(*place.outer);
    if (place.name.empty()) return text + '[' + std::to_string(place.index) + ']';
    return text + '.' + printable(place.name, 40);
}

void fail_conversion(const json& value, const char* expected, const Place& place) {
    throw ConversionError(to_string(place), text_of(value) + " is not " + expected);
}

bool to_bool(const json& value, const Place& place) {
    if (!value.is_boolean()) fail_conversion(value, "true or false", place);
    return value.get<bool>();
}

std::int64_t to_signed(const json& value, std::int64_t smallest, std::int64_t largest,
                       const Place& place) {
    json storage;
    const json& integer = *to_integer(value, storage, place);
    const bool too_large =
        integer.is_number_unsigned() &&
        integer.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int64_t>::max());
    if (too_large) fail_range(value, smallest, largest, place);
    const auto number = integer.get<std::int64_t>();
    if (number < smallest || number > largest) fail_range(value, smallest, largest, place);
    return number;
}

std::uint64_t to_unsigned(const json& value, std::uint64_t largest, const Place& place) {
    json storage;
    const json& integer = *to_integer(value, storage, place);
    if (is_negative(integer)) fail_range(value, std::uint64_t{0}, largest, place);
    const auto number = integer.get<std::uint64_t>();
    if (number > largest) fail_range(value, std::uint64_t{0}, largest, place);
    return number;
}

float to_float(const json& value, const Place& place) {
    return to_floating<float>(value, "in the range of a float",
                              "a number that a float holds exactly", place);
}

double to_double(const json& value, const Place& place) {
    return to_floating<double>(value, "in the range of a double",
                               "a number that a double holds exactly", place);
}

void require_array(const json& value, const Place& place) {
    if (!value.is_array()) fail_conversion(value, "an array", place);
}

void require_array(const json& value, std::size_t size, const Place& place) {
    require_array(value, place);
    if (value.size() == size) return;
    throw ConversionError(to_string(place), "is an array of " + std::to_string(value.size()) +
                                                ", not of " + std::to_string(size));
}

void require_object(const json& value, const Place& place) {
    if (!value.is_object()) fail_conversion(value, "an object", place);
}

void rethrow_from_json(const Place& place) {
    try {
        throw;
    } catch (const ConversionError& error) {
        throw ConversionError(to_string(place) + '.' + error.where(), error.reason());
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        throw ConversionError(to_string(place), printable(without_number(error.what()), 300));
    }
}

void check_narrowing(const json& given, const json& kept, const Place& place) {
    if (given.is_object() && kept.is_object()) {
        for (const auto& [name, member] : given.items()) {
            const auto found = kept.find(name);
            if (found == kept.end()) continue;
            check_narrowing(member, *found, Place{.outer = &place, .name = name});
        }
    } else if (given.is_array() && kept.is_array() && given.size() == kept.size()) {
        for (std::size_t i = 0; i < given.size(); ++i) {
            check_narrowing(given[i], kept[i], Place{.outer = &place, .index = i});
        }
    } else if (narrowed(given, kept)) {
        throw ConversionError(to_string(place),
                              text_of(given) + " does not fit; it would become " + text_of(kept));
    }
}

}  // namespace jsocket::rpc
