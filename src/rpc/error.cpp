// SPDX-License-Identifier: Apache-2.0
#include "core/discard.hpp"

#include <jsocket/json_text.hpp>
#include <jsocket/rpc/error.hpp>

#include <utility>

namespace jsocket::rpc {
namespace {

constexpr std::size_t shown = 300;  // bytes of what the other end says

std::string text_of(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::string what_of(int code, const std::string& message, const json& data,
                    std::string_view method) {
    std::string text = method.empty() ? "" : printable(method, shown) + ": ";
    text += printable(message, shown) + " (" + std::to_string(code) + ')';
    if (!data.is_null()) text += ": " + printable(text_of(data), shown);
    return text;
}

}  // namespace

RpcError::RpcError(int code, std::string message, json data)
    : RpcError(code, std::move(message), std::move(data), {}) {}

RpcError::RpcError(int code, std::string message, json data, std::string_view method)
    : Error(what_of(code, message, data, method), true),
      code_(code),
      message_(std::move(message)),
      data_(std::move(data)) {}

RpcError::~RpcError() { discard(data_); }

json RpcError::object() const {
    json object = json::object();
    object["code"] = code_;
    object["message"] = message_;
    if (!data_.is_null()) object["data"] = data_;
    return object;
}

ConversionError::ConversionError(std::string where, std::string reason)
    : Error(where + ": " + reason, true), where_(std::move(where)), reason_(std::move(reason)) {}

}  // namespace jsocket::rpc
