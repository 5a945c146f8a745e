// SPDX-License-Identifier: Apache-2.0
#include "rpc/message.hpp"

#include <jsocket/json_text.hpp>
#include <jsocket/rpc/error.hpp>
#include <jsocket/rpc/method.hpp>

#include <algorithm>
#include <set>

namespace jsocket::rpc {
namespace {

constexpr const char* message = "Invalid params";

std::vector<json*> find_by_position(json& params, const std::vector<Method::Argument>& arguments) {
    if (params.size() > arguments.size()) {
        throw RpcError(
            invalid_params, message,
            make_object("reason", "expected at most " + std::to_string(arguments.size()) +
                                      " parameters, got " + std::to_string(params.size())));
    }
    std::vector<json*> found(arguments.size(), nullptr);
    for (std::size_t i = 0; i < params.size(); ++i) found[i] = &params[i];
    return found;
}

std::vector<json*> find_by_name(json& params, const std::vector<Method::Argument>& arguments) {
    std::vector<json*> found(arguments.size(), nullptr);
    for (const auto& [name, value] : params.items()) {
        const auto argument = std::find_if(
            arguments.begin(), arguments.end(),
            [&name = name](const Method::Argument& a) { return a.parameter.name == name; });
        if (argument == arguments.end()) fail_argument(printable(name), "is no parameter");
        found[static_cast<std::size_t>(argument - arguments.begin())] = &value;
    }
    return found;
}

}  // namespace

std::vector<json*> find_arguments(json& params, const std::vector<Method::Argument>& arguments) {
    return params.is_object() ? find_by_name(params, arguments)
                              : find_by_position(params, arguments);
}

void complete_names(std::vector<Parameter>& names, std::size_t count) {
    if (names.empty()) {
        for (std::size_t i = 1; i <= count; ++i) names.emplace_back("arg" + std::to_string(i));
        return;
    }
    if (names.size() != count) {
        throw UsageError("a function of " + std::to_string(count) + " parameters is bound with " +
                         std::to_string(names.size()) + " names");
    }
    std::set<std::string> seen;
    for (const Parameter& parameter : names) {
        if (parameter.name.empty()) throw UsageError("the name of a parameter is empty");
        if (!seen.insert(parameter.name).second) {
            throw UsageError("two parameters have the name " + printable(parameter.name));
        }
    }
}

void fail_argument(const std::string& parameter, const std::string& reason) {
    throw RpcError(invalid_params, message, make_object("parameter", parameter, "reason", reason));
}

}  // namespace jsocket::rpc
