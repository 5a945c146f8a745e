// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON-RPC 2.0 as text, so that numbers and the order of members are those that were typed, and
/// those that the server sent.
namespace jsocket::cli {

/// The `params` of a call: an array of `arguments`, or an object if all of them are NAME=VALUE;
/// empty if there are none. What is no JSON is a string. Throws UsageError if they are mixed, or a
/// name comes twice.
std::string params_of(const std::vector<std::string>& arguments);

/// A call, or without `id` a notification. `params` is JSON or empty. Throws UsageError if the
/// method is no UTF-8.
std::string request_text(std::string_view method, std::string_view params,
                         std::optional<int> id = std::nullopt);

/// The end of a call: one of the two is not empty.
struct RpcReply {
    std::string result;  ///< JSON, as it came
    std::string error;
};

/// The reply to the call with that id in a message; an error without an id counts, since a server
/// that cannot read a request cannot know it. Empty if the message is something else. Throws
/// ProtocolError if it is no JSON-RPC, and PayloadError if it is no JSON.
std::optional<RpcReply> reply_in(const std::string& message, int id);

}  // namespace jsocket::cli
