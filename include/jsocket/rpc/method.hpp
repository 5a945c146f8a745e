// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/rpc/call.hpp>
#include <jsocket/rpc/convert.hpp>
#include <jsocket/rpc/schema.hpp>
#include <jsocket/rpc/to_value.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace jsocket::rpc {

/// A parameter's name, and what rpc.discover says of it.
struct Parameter {
    std::string name;              ///< for callers that give it by name
    std::string description = {};  ///< may be left out

    /// So that a list of names is a list of parameters.
    // cppcheck-suppress noExplicitConstructor
    Parameter(const char* its_name) : name(its_name) {}  // NOLINT(google-explicit-constructor)

    /// The same with a description.
    // cppcheck-suppress noExplicitConstructor
    Parameter(std::string its_name, std::string its_description = {})
        : name(std::move(its_name)), description(std::move(its_description)) {}
};

/// When a method runs, seen from the connection that it was called on.
enum class Run {
    concurrently,  ///< at once, on a thread of its own; notifications one after another, in order,
                   ///< which calls do not wait for
    in_order,      ///< on another thread, after those of this kind that came before it
    immediately,   ///< on the thread that reads the connection, for what takes microseconds: until
                   ///< it returns nothing is read, so that nothing can tell it to stop either
};

/// What may be said of a method.
struct MethodOptions {
    std::string description = {};  ///< what rpc.discover says of the method
    std::optional<Run> run = {};   ///< by default as the class says that it is bound to
};

/// What a method comes down to. `params` is an array, an object, or null if there are none; it may
/// be moved from.
using Handler = std::function<json(Call& call, json& params)>;

/// Everything known of a method.
struct Method {
    /// A parameter that callers give.
    struct Argument {
        Parameter parameter;  ///< its name
        json schema;          ///< of its values
        bool required;        ///< is it an error to leave it out?
    };

    Handler handler = {};                  ///< what it does
    std::vector<Argument> arguments = {};  ///< in their order
    json result_schema = json::object();   ///< of its result
    bool by_name = false;                  ///< may parameters be given by name?
    bool raw = false;                      ///< does it take `params` as they come?
    MethodOptions options = {};            ///< as they were given
};

/// @cond what make_method() consists of
/// The values of a method's parameters, in their order, within `params`; null for one that is not
/// given. Throws RpcError (invalid_params) if there are too many, or names that are not known.
std::vector<json*> find_arguments(json& params, const std::vector<Method::Argument>& arguments);

/// Makes up names for `count` parameters if there are none. Throws UsageError if there are some,
/// but not as many, or one is empty or there twice.
void complete_names(std::vector<Parameter>& names, std::size_t count);

[[noreturn]] void fail_argument(const std::string& parameter, const std::string& reason);

template <typename T>
inline constexpr bool is_context =
    std::same_as<std::decay_t<T>, Call> || std::same_as<std::decay_t<T>, std::stop_token>;

template <typename T>
inline constexpr bool is_view = std::is_pointer_v<T> || std::same_as<T, std::string_view>;

/// Can a bound function have a parameter of this type?
template <typename T>
inline constexpr bool is_parameter =
    std::same_as<std::decay_t<T>, Call>
        ? std::is_lvalue_reference_v<T>
        : !is_view<std::decay_t<T>> &&
              (!std::is_reference_v<T> ||
               (std::is_lvalue_reference_v<T> && std::is_const_v<std::remove_reference_t<T>>));

/// Is it a function that says what it takes? Not a generic lambda, nor an overloaded one.
template <typename Function>
concept TypedFunction = requires(Function function) {
    std::function(std::move(function));
};

/// How a parameter is kept from the conversion to the call.
template <typename T>
using Kept = std::conditional_t<std::same_as<std::decay_t<T>, Call>, Call&, std::decay_t<T>>;

/// The parameters that callers give, of those that a function has, before position `end`.
template <typename... Parameters>
constexpr std::size_t count_arguments(std::size_t end) {
    const bool counts[] = {!is_context<Parameters>..., false};
    std::size_t count = 0;
    for (std::size_t i = 0; i < end; ++i) count += counts[i] ? 1 : 0;
    return count;
}

template <typename T>
Kept<T> make_argument(Call& call, const std::vector<json*>& values, std::size_t index,
                      const std::vector<Method::Argument>& arguments) {
    if constexpr (std::same_as<std::decay_t<T>, Call>) {
        return call;
    } else if constexpr (std::same_as<std::decay_t<T>, std::stop_token>) {
        return call.stop_token();
    } else {
        const std::string& name = arguments[index].parameter.name;
        if (!values[index]) {
            if constexpr (is_optional<std::decay_t<T>>) return std::nullopt;
            fail_argument(name, "is missing");
        }
        try {
            return convert<std::decay_t<T>>(*values[index], Place{.name = name});
        } catch (const ConversionError& error) {
            fail_argument(error.where(), error.reason());
        }
    }
}

/// @endcond

/// A function with typed parameters as a method. Those of type Call and std::stop_token are filled
/// in; a std::optional may be left out by callers. `names` are those of the other parameters;
/// empty if they are to be given by position only. Throws UsageError if there are not as many, or
/// the function is empty.
template <typename Result, typename... Parameters>
Method make_method(std::function<Result(Parameters...)> function, std::vector<Parameter> names,
                   MethodOptions options) {
    static_assert((is_parameter<Parameters> && ...),
                  "parameters are values or const references that own what they hold (std::string, "
                  "no std::string_view or pointer), and Call&; for json& there is bind_raw()");
    if (!function) throw UsageError("the function of a method is empty");
    constexpr std::size_t count = count_arguments<Parameters...>(sizeof...(Parameters));
    Method method{.result_schema = Schema<std::decay_t<Result>>::value(),
                  .by_name = !names.empty() || count == 0,
                  .options = std::move(options)};
    complete_names(names, count);
    std::size_t next = 0;
    [[maybe_unused]] const auto add = [&](auto type) {
        using T = typename decltype(type)::type;
        if constexpr (!is_context<T>) {
            method.arguments.push_back({std::move(names[next++]), Schema<std::decay_t<T>>::value(),
                                        !is_optional<std::decay_t<T>>});
        }
    };
    (add(std::type_identity<Parameters>()), ...);
    method.handler = [function = std::move(function), arguments = method.arguments](
                         Call& call, json& params) -> json {
        const std::vector<json*> values = find_arguments(params, arguments);
        // In braces, so that the first wrong parameter is the one complained of.
        auto kept = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return std::tuple<Kept<Parameters>...>{make_argument<Parameters>(
                call, values, count_arguments<Parameters...>(I), arguments)...};
        }
        (std::index_sequence_for<Parameters...>());
        if constexpr (std::is_void_v<Result>) {
            std::apply(function, std::move(kept));
            return nullptr;
        } else {
            return to_value(std::apply(function, std::move(kept)));
        }
    };
    return method;
}

/// The same for anything that std::function can hold: a lambda, a function.
template <typename Function>
Method make_method(Function function, std::vector<Parameter> names, MethodOptions options) {
    static_assert(TypedFunction<Function>,
                  "bind() takes a function, or a lambda whose parameters all have types (no auto), "
                  "none of them Call, which is Call&");
    if constexpr (TypedFunction<Function>) {
        return make_method(std::function(std::move(function)), std::move(names),
                           std::move(options));
    } else {
        return {};
    }
}

template <typename Function>
concept RawFunction = std::invocable<Function&, Call&, json&> || std::invocable<Function&, json&>;

/// A function that takes `params` as they come, with or without a Call in front. A ConversionError
/// that it throws becomes invalid_params.
template <RawFunction Function>
Method make_raw_method(Function function, MethodOptions options) {
    Method method{.by_name = true, .raw = true, .options = std::move(options)};
    method.handler = [function = std::move(function)](Call& call, json& params) mutable -> json {
        const auto run = [&]() -> decltype(auto) {
            if constexpr (std::invocable<Function&, Call&, json&>) {
                return function(call, params);
            } else {
                return function(params);
            }
        };
        try {
            if constexpr (std::is_void_v<decltype(run())>) {
                run();
                return nullptr;
            } else {
                return run();
            }
        } catch (const ConversionError& error) {
            fail_argument(error.where(), error.reason());
        }
    };
    return method;
}

}  // namespace jsocket::rpc
