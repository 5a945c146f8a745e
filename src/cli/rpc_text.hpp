// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

/// A call, or without `id` a notification. `params` and `id` are JSON or empty. Throws UsageError
/// if the method is no UTF-8.
std::string request_text(std::string_view method, std::string_view params,
                         std::string_view id = {});

/// Is a text that has passed validate() a notification, of whatever version?
bool is_notification(std::string_view message);

/// The id of a text that has passed validate(), if it is a call: a string or a number. Empty if it
/// is something else, a batch among it.
std::string_view id_of_call(std::string_view message);

/// Have two ids, texts that have passed validate(), the same value?
bool same_id(std::string_view one, std::string_view other);

/// Members of a reply, as they are in its text; one of `result` and `error` is not empty.
struct ReplyText {
    std::string_view id;  ///< empty if there is none
    std::string_view result;
    std::string_view error;

    /// Is it an error without an id, or with null? So a server replies to what it cannot read.
    bool belongs_to_none() const { return !error.empty() && (id.empty() || id == "null"); }
};

/// Empty if the message is a request or a notification. Throws ProtocolError if it is no JSON-RPC,
/// or a batch, and PayloadError if it is no JSON.
std::optional<ReplyText> reply_text_in(std::string_view message);

/// The end of a call: one of the two is not empty.
struct RpcReply {
    std::string result;  ///< JSON, as it came
    std::string error;
};

/// The reply to the call with that id in a message; an error without an id counts, since a server
/// that cannot read a request cannot know it. Empty if the message is something else. Throws
/// as reply_text_in().
std::optional<RpcReply> reply_in(std::string_view message, std::string_view id);

/// How a command tells of an error object: as it is, or with --json as a diagnostic whose message
/// begins with `where`.
std::string error_line(const std::string& object, std::string_view where = {});

/// The id of a request as it is in a message; empty if that is something else. Throws PayloadError
/// if it is no JSON.
std::string_view id_of_request(std::string_view message);

/// The reply to a request in a message: there is no such method, since a command has none. Empty if
/// the message is something else. Throws PayloadError if it is no JSON.
std::optional<std::string> refusal_of(std::string_view message);

/// Is the message JSON with the value of `request`, as an echo server sends it back?
bool comes_back(std::string_view message, std::string_view request);

/// A request that is sent again and again, each time with another id, and otherwise as it is.
class RepeatedRequest {
  public:
    /// `text` is JSON without white space around values. An id that it has is replaced. Throws
    /// UsageError if it is no object with a method.
    explicit RepeatedRequest(std::string text);

    /// Replaces what is in `out`.
    void write(std::uint64_t id, std::string& out) const;

    /// The bytes that write() makes.
    std::size_t size(std::uint64_t id) const;

  private:
    std::string before_;  // the id
    std::string after_;
};

}  // namespace jsocket::cli
