// SPDX-License-Identifier: Apache-2.0
#include "cli/rpc_text.hpp"

#include "cli/json_members.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <set>

namespace jsocket::cli {

namespace {

std::string as_string(std::string_view text) {
    std::string out;
    serialize(json(text), out);
    return out;
}

std::string value_of(const std::string& argument) {
    try {
        return compact(argument);
    } catch (const PayloadError&) {
        return as_string(argument);
    }
}

/// How long NAME is, if the argument is NAME=VALUE.
std::optional<std::size_t> name_length(std::string_view argument) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    constexpr std::string_view others = "0123456789.-";
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    for (std::size_t i = 0; i < equals; ++i) {
        const char c = argument[i];
        if (letters.find(c) == letters.npos && (i == 0 || others.find(c) == others.npos)) {
            return std::nullopt;
        }
    }
    return equals;
}

std::string object_of(const std::vector<std::string>& arguments) {
    std::set<std::string> names;
    std::string text = "{";
    for (const std::string& argument : arguments) {
        const std::optional<std::size_t> length = name_length(argument);
        if (!length) {
            throw UsageError("ARG: either all of them are NAME=VALUE, or none is; \"" +
                             printable(argument) + "\" is not (a text with a = needs quotes: '\"" +
                             printable(argument) + "\"')");
        }
        const std::string name = argument.substr(0, *length);
        if (!names.insert(name).second) throw UsageError("ARG: " + name + " is given twice");
        text += (text.size() > 1 ? "," : "") + as_string(name) + ':' +
                value_of(argument.substr(*length + 1));
    }
    return text + '}';
}

}  // namespace

std::string params_of(const std::vector<std::string>& arguments) {
    if (arguments.empty()) return "";
    for (const std::string& argument : arguments) {
        if (name_length(argument)) return object_of(arguments);
    }
    std::string text = "[";
    for (const std::string& argument : arguments) {
        text += (text.size() > 1 ? "," : "") + value_of(argument);
    }
    return text + ']';
}

std::string request_text(std::string_view method, std::string_view params, std::optional<int> id) {
    std::string text = R"({"jsonrpc":"2.0","method":)" + as_string(method);
    if (!params.empty()) text += ",\"params\":" + std::string(params);
    if (id) text += ",\"id\":" + std::to_string(*id);
    return text + '}';
}

std::optional<RpcReply> reply_in(const std::string& message, int id) {
    validate(message);
    RpcReply reply;
    std::string its_id;
    bool method = false;
    for_each_member(message, [&](std::string_view name, std::string_view value) {
        if (name == "\"id\"") its_id = value;
        if (name == "\"method\"") method = true;
        if (name == "\"result\"") reply.result = compact(value);
        if (name == "\"error\"") reply.error = compact(value);
    });
    if (method) return std::nullopt;
    if (reply.result.empty() == reply.error.empty()) {
        throw ProtocolError("it is no JSON-RPC: " + printable(message));
    }
    if (its_id == std::to_string(id)) return reply;
    if ((its_id.empty() || its_id == "null") && !reply.error.empty()) return reply;
    return std::nullopt;
}

}  // namespace jsocket::cli
