// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/rpc/dispatcher.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace jsocket::rpc::test {

inline json request(std::string method, json params = nullptr, json id = 1) {
    json message = {{"jsonrpc", "2.0"}, {"method", std::move(method)}, {"id", std::move(id)}};
    if (!params.is_null()) message["params"] = std::move(params);
    return message;
}

inline json notification(std::string method, json params = nullptr) {
    json message = request(std::move(method), std::move(params));
    message.erase("id");
    return message;
}

/// What the method of that name returns, or the error object that it is answered with.
inline json outcome(const Dispatcher& methods, std::string method, json params = nullptr) {
    const std::optional<json> reply = methods.answer(request(std::move(method), std::move(params)));
    if (!reply || reply->size() != 3 || reply->at("jsonrpc") != "2.0" || reply->at("id") != 1) {
        return "not a reply: " + (reply ? reply->dump() : "nothing");
    }
    return reply->contains("result") ? reply->at("result") : reply->at("error");
}

/// The same with params as text.
inline json outcome_of(const Dispatcher& methods, std::string method, std::string_view params) {
    return outcome(methods, std::move(method), json::parse(params));
}

inline json error(int code, std::string_view message, json data = nullptr) {
    json object = {{"code", code}, {"message", message}};
    if (!data.is_null()) object["data"] = std::move(data);
    return object;
}

/// The error object for a parameter that is wrong.
inline json wrong(std::string_view parameter, std::string_view reason) {
    return error(-32602, "Invalid params", {{"parameter", parameter}, {"reason", reason}});
}

inline json error_reply(const json& object, json id = nullptr) {
    return {{"jsonrpc", "2.0"}, {"error", object}, {"id", std::move(id)}};
}

}  // namespace jsocket::rpc::test
