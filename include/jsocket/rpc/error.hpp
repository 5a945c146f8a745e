// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>

#include <string>
#include <string_view>

namespace jsocket::rpc {

/// The codes of error objects: those of the JSON-RPC 2.0 specification, section 5.1, and ours. From
/// -32768 to -32000 is reserved for them; all other numbers but that of `cancelled` are for
/// methods.
enum ErrorCode : int {
    parse_error = -32700,       ///< the text is not JSON, or has a number that cannot be held
    invalid_request = -32600,   ///< the JSON is no request
    method_not_found = -32601,  ///< nothing is bound to that name
    invalid_params = -32602,    ///< wrong number, names or types; `data` says which and why
    internal_error = -32603,    ///< a method threw something else than RpcError
    too_many_calls = -32000,    ///< Options::max_calls_in_flight; call again later
    cancelled = -32800,         ///< `rpc.cancel` came before the method began (the code is LSP's)
};

/// The error object of a reply. A method throws it to answer with one; a call throws it if that was
/// the answer.
class RpcError : public Error {
  public:
    /// `data` is what else there is to say; null leaves it out.
    RpcError(int code, std::string message, json data = nullptr);
    /// Has the same code, message and data.
    RpcError(const RpcError&) = default;
    /// Takes message and data from the other.
    RpcError(RpcError&&) = default;
    /// Has the same code, message and data from then on.
    RpcError& operator=(const RpcError&) = default;
    /// Takes message and data from the other.
    RpcError& operator=(RpcError&&) = default;
    /// Needs no memory, as that of a json does.
    ~RpcError() override;

    /// The answer to a call of `method`, which what() names.
    RpcError(int code, std::string message, json data, std::string_view method);

    /// An ErrorCode, or a number that the method has chosen.
    int code() const noexcept { return code_; }
    /// A short sentence, as it came: what() has it fit for a terminal.
    const std::string& message() const noexcept { return message_; }
    /// Whatever else the method says; null if nothing.
    const json& data() const noexcept { return data_; }

    /// {"code", "message"} and, unless it is null, "data".
    json object() const;

  private:
    int code_;
    std::string message_;
    json data_;
};

/// A JSON value is not of the type that is asked for, or does not fit into it.
class ConversionError : public Error {
  public:
    /// what() is "WHERE: REASON".
    ConversionError(std::string where, std::string reason);

    /// "b", "points[3].x": the parameter, and the place within it.
    const std::string& where() const noexcept { return where_; }

    /// "4294967297 is not between -2147483648 and 2147483647".
    const std::string& reason() const noexcept { return reason_; }

  private:
    std::string where_;
    std::string reason_;
};

}  // namespace jsocket::rpc
