// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/make_object.hpp"

#include <jsocket/json.hpp>
#include <jsocket/rpc/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The objects of the JSON-RPC 2.0 specification.
namespace jsocket::rpc {

struct Request {
    Request() = default;
    Request(Request&&) = default;
    Request& operator=(Request&&) = default;
    ~Request() { discard(params); }

    std::string method;
    json params;  ///< an array, an object, or null for none
    json id;      ///< null also if there is none
    bool notification = false;
};

/// The request that `message` is, moved out of it; or the reply that says why it is none.
std::variant<Request, json> read_request(json& message, std::size_t max_method_name);

/// The reply to a batch that is none, or too long.
std::optional<json> refuse_batch(const json& batch, std::size_t max_size);

/// The reply to a batch of `size` whose replies could not be sent together, were they but errors.
json unanswerable_batch_reply(std::size_t size);

/// Is it an answer rather than a request? It need not be a correct one.
bool is_reply(const json& message);

/// The error object of a reply to a call of `method`; empty if it is none.
std::optional<RpcError> error_of(const json& reply, std::string_view method);

json result_reply(json id, json result);
json error_reply(json id, const RpcError& error);

/// `id` is not null, or it is a notification.
json make_request(std::string_view method, json params, json id = nullptr);

/// The reply to a text that is not JSON, or beyond a limit.
json payload_error_reply(const PayloadError& error, std::string_view text, const Limits& limits);

RpcError invalid_request_error(const char* reason = nullptr);

}  // namespace jsocket::rpc
