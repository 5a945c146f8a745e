// SPDX-License-Identifier: Apache-2.0
#include "rpc/message.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <utility>

namespace jsocket::rpc {
namespace {

bool is_id(const json& id) { return id.is_string() || id.is_number() || id.is_null(); }

/// Also if it has numbers that no tree can hold.
bool is_json(std::string_view text, const Limits& limits) {
    try {
        validate(text, limits);
        return true;
    } catch (const PayloadError&) {
        return false;
    }
}

}  // namespace

std::variant<Request, json> read_request(json& message, std::size_t max_method_name) {
    if (!message.is_object()) return error_reply(nullptr, invalid_request_error());
    Request request;
    const auto id = message.find("id");
    const bool has_id = id != message.end();
    if (has_id && !is_id(*id)) return error_reply(nullptr, invalid_request_error());
    if (has_id) request.id = std::move(*id);
    request.notification = !has_id;

    const auto version = message.find("jsonrpc");
    const auto method = message.find("method");
    const auto params = message.find("params");
    const bool is_request = version != message.end() && is_text(*version, "2.0") &&
                            method != message.end() && method->is_string() &&
                            (params == message.end() || params->is_array() || params->is_object());
    if (!is_request) return error_reply(std::move(request.id), invalid_request_error());
    request.method = std::move(method->get_ref<std::string&>());
    if (request.method.size() > max_method_name) {
        return error_reply(std::move(request.id),
                           invalid_request_error("the name of the method is too long"));
    }
    if (params != message.end()) request.params = std::move(*params);
    return request;
}

std::optional<json> refuse_batch(const json& batch, std::size_t max_size) {
    if (batch.empty()) return error_reply(nullptr, invalid_request_error());
    if (batch.size() <= max_size) return std::nullopt;
    const RpcError error(
        invalid_request, "Invalid Request",
        make_object("reason", "a batch of " + std::to_string(batch.size()) + " requests", "limit",
                    max_size));
    return error_reply(nullptr, error);
}

json unanswerable_batch_reply(std::size_t size) {
    return error_reply(nullptr,
                       invalid_request_error(("a batch of " + std::to_string(size) +
                                              " requests, whose replies are beyond the limits")
                                                 .c_str()));
}

bool is_reply(const json& message) {
    return message.is_object() && !message.contains("method") &&
           (message.contains("result") || message.contains("error"));
}

json result_reply(json id, json result) {
    json reply = json::object();
    reply["jsonrpc"] = "2.0";
    reply["result"] = std::move(result);
    reply["id"] = std::move(id);
    return reply;
}

json error_reply(json id, const RpcError& error) {
    json reply = json::object();
    reply["jsonrpc"] = "2.0";
    reply["error"] = error.object();
    reply["id"] = std::move(id);
    return reply;
}

json make_request(std::string_view method, json params, json id) {
    if (!params.is_null() && !params.is_structured()) {
        throw UsageError("params is neither an array nor an object nor null");
    }
    json request = json::object();
    request["jsonrpc"] = "2.0";
    request["method"] = method;
    if (!params.is_null()) request["params"] = std::move(params);
    if (!id.is_null()) request["id"] = std::move(id);
    return request;
}

std::optional<RpcError> error_of(const json& reply, std::string_view method) {
    const auto error = reply.find("error");
    if (error == reply.end() || !error->is_object()) return std::nullopt;
    const auto code = error->find("code");
    const auto message = error->find("message");
    if (code == error->end() || !code->is_number_integer()) return std::nullopt;
    if (message == error->end() || !message->is_string()) return std::nullopt;
    const bool fits = code->is_number_unsigned() ? std::in_range<int>(code->get<std::uint64_t>())
                                                 : std::in_range<int>(code->get<std::int64_t>());
    if (!fits) return std::nullopt;
    return RpcError(code->get<int>(), message->get<std::string>(), error->value("data", json()),
                    method);
}

json payload_error_reply(const PayloadError& error, std::string_view text, const Limits& limits) {
    switch (error.kind()) {
        case PayloadError::Kind::invalid_utf8:
        case PayloadError::Kind::invalid_json:
            break;
        case PayloadError::Kind::too_deep:
        case PayloadError::Kind::too_complex:
            return error_reply(nullptr, invalid_request_error(error.what()));
    }
    json data = is_json(text, limits) ? make_object("reason", error.what()) : json();
    return error_reply(nullptr, RpcError(parse_error, "Parse error", std::move(data)));
}

RpcError invalid_request_error(const char* reason) {
    return {invalid_request, "Invalid Request", reason ? make_object("reason", reason) : json()};
}

}  // namespace jsocket::rpc
