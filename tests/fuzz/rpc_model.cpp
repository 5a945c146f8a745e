// SPDX-License-Identifier: Apache-2.0
#include "fuzz/rpc_model.hpp"

#include <jsocket/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

namespace jsocket::test {
namespace {

struct Point {
    int x = 0;
    std::uint8_t y = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Point, x, y)

json error(int code) { return {{"code", code}}; }

std::size_t depth_of(const json& value) {
    if (!value.is_structured()) return 0;
    std::size_t deepest = 0;
    for (const json& element : value) deepest = std::max(deepest, depth_of(element));
    return deepest + 1;
}

bool has(const json& object, const char* name) { return object.find(name) != object.end(); }

/// A whole number between these, however it is written.
bool is_whole(const json& value, double smallest, double largest) {
    if (!value.is_number()) return false;
    const auto number = value.get<double>();
    return std::floor(number) == number && number >= smallest && number <= largest;
}

bool is_int(const json& value) {
    return is_whole(value, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
}

/// The parameters a and b, of which the second may be missing; nothing if they are others.
std::optional<json> two(const json& params, bool second_needed) {
    json found = json::array({nullptr, nullptr});
    std::size_t count = 0;
    if (params.is_object()) {
        for (const auto& [name, value] : params.items()) {
            if (name != "a" && name != "b") return std::nullopt;
            found[name == "a" ? 0 : 1] = value;
        }
        if (!has(params, "a") || (second_needed && !has(params, "b"))) return std::nullopt;
        return found;
    }
    for (const json& value : params) {
        if (count == 2) return std::nullopt;
        found[count++] = value;
    }
    if (count < (second_needed ? 2 : 1)) return std::nullopt;
    return found;
}

json add(const json& params) {
    const auto values = two(params, true);
    if (!values || !is_int(values->at(0)) || !is_int(values->at(1))) return error(-32602);
    return {{"result", std::int64_t(values->at(0).get<double>()) +
                           std::int64_t(values->at(1).get<double>())}};
}

json repeat(const json& params) {
    const auto values = two(params, false);
    if (!values || !values->at(0).is_string()) return error(-32602);
    const json& times = values->at(1);
    if (!times.is_null() && !is_whole(times, 0, 255)) return error(-32602);
    const int count = times.is_null() ? 1 : int(times.get<double>());
    std::string text;
    for (int i = 0; i < count % 4; ++i) text += values->at(0).get<std::string>();
    return {{"result", text}};
}

json move(const json& params) {
    if (!params.is_array() || params.size() != 1 || !params[0].is_object()) return error(-32602);
    const json& point = params[0];
    if (!has(point, "x") || !has(point, "y")) return error(-32602);
    if (!is_int(point["x"]) || !is_whole(point["y"], 0, 255)) return error(-32602);
    return {
        {"result", {{"x", int(point["x"].get<double>())}, {"y", int(point["y"].get<double>())}}}};
}

/// A result, or an error object; with "unsendable" if it has no text.
json outcome_of(const std::string& method, const json& params) {
    if (method == "add") return add(params);
    if (method == "repeat") return repeat(params);
    if (method == "move") return move(params);
    if (method == "echo") return {{"result", params}};
    if (method == "fail") return {{"code", 7}, {"data", params}};
    if (method == "throw") return error(-32603);
    if (method == "nan") return {{"unsendable", true}};
    if (method == "rpc.health" || method == "rpc.discover") {
        if (!params.empty()) return error(-32602);
        if (method == "rpc.health") return {{"result", {{"status", "ok"}}}};
        return {{"result", make_rpc_methods().discover()}};
    }
    return error(-32601);
}

json reply(const json& outcome, const json& id) {
    json made = {{"jsonrpc", "2.0"}, {"id", id}};
    if (has(outcome, "code")) {
        made["error"] = outcome;
    } else {
        made.update(outcome);
    }
    return made;
}

/// Has it no text, or is it too deep?
bool is_unsendable(const json& one, std::size_t max_depth) {
    return has(one, "unsendable") || depth_of(one) > max_depth;
}

}  // namespace

rpc::Dispatcher make_rpc_methods() {
    rpc::Dispatcher methods(
        rpc::Options{.max_batch_size = longest_batch, .max_method_name = longest_name});
    methods.bind("add", [](int a, int b) { return std::int64_t{a} + b; }, {"a", "b"});
    methods.bind("repeat",
                 [](const std::string& text, std::optional<std::uint8_t> times, rpc::Call&) {
                     std::string result;
                     for (int i = 0; i < times.value_or(1) % 4; ++i) result += text;
                     return result;
                 },
                 {"a", "b"});
    methods.bind("move", [](const Point& point) { return point; });
    methods.bind_raw("echo", [](json& params) { return std::move(params); });
    methods.bind_raw("fail", [](json& params) { throw rpc::RpcError(7, "no", params); });
    methods.bind_raw("throw", [](json&) { throw std::runtime_error("secret"); });
    methods.bind_raw("nan", [](json&) { return std::numeric_limits<double>::quiet_NaN(); });
    return methods;
}

RpcModel::RpcModel(std::string_view text, const Limits& limits) {
    json message;
    try {
        message = parse(text, limits);
    } catch (const PayloadError& failure) {
        const bool beyond = failure.kind() == PayloadError::Kind::too_deep ||
                            failure.kind() == PayloadError::Kind::too_complex;
        expected_ = reply(error(beyond ? -32600 : -32700), nullptr);
        return;
    }
    if (!message.is_array()) {
        expected_ = reply_to(message);
    } else if (message.empty() || message.size() > longest_batch) {
        expected_ = reply(error(-32600), nullptr);
    } else {
        json replies = json::array();
        for (const json& one : message) {
            json made = reply_to(one);
            if (!made.is_null()) replies.push_back(std::move(made));
        }
        if (!replies.empty()) expected_ = std::move(replies);
    }
    const auto replace_if_unsendable = [](json& one, std::size_t max_depth) {
        if (is_unsendable(one, max_depth)) one = reply(error(-32603), one["id"]);
    };
    if (expected_.is_object()) replace_if_unsendable(expected_, limits.max_depth);
    if (!expected_.is_array()) return;
    for (json& one : expected_) replace_if_unsendable(one, limits.max_depth - 1);
}

/// Null for a notification.
json RpcModel::reply_to(const json& message) {
    if (!message.is_object()) return reply(error(-32600), nullptr);
    const json id = message.value("id", json());
    if (id.is_structured() || id.is_boolean()) return reply(error(-32600), nullptr);
    const bool good = message.value("jsonrpc", json()) == json("2.0") &&
                      message.value("method", json()).is_string() &&
                      (!has(message, "params") || message["params"].is_structured());
    if (!good) return reply(error(-32600), id);
    const std::string method = message["method"];
    if (method.size() > longest_name) return reply(error(-32600), id);
    if (method != "rpc.health" && method != "rpc.discover") ++calls_;
    const json outcome = outcome_of(method, message.value("params", json()));
    return has(message, "id") ? reply(outcome, id) : json();
}

}  // namespace jsocket::test
