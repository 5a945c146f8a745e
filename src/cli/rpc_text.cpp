// SPDX-License-Identifier: Apache-2.0
#include "cli/rpc_text.hpp"

#include "cli/json_members.hpp"
#include "cli/terminal.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <system_error>
#include <utility>

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
        const bool usable = letters.find(c) != std::string_view::npos ||
                            (i > 0 && others.find(c) != std::string_view::npos);
        if (!usable) return std::nullopt;
    }
    return equals;
}

std::string object_of(const std::vector<std::string>& arguments) {
    std::set<std::string> names;
    std::string text = "{";
    for (const std::string& argument : arguments) {
        const std::optional<std::size_t> length = name_length(argument);
        if (!length) {
            const auto named = std::find_if(arguments.begin(), arguments.end(), name_length);
            throw UsageError("ARG: either all of them are NAME=VALUE, or none is; \"" +
                             printable(argument) + "\" is not (a text with a = needs quotes: '\"" +
                             printable(*named) + "\"')");
        }
        const std::string name = argument.substr(0, *length);
        if (!names.insert(name).second) throw UsageError("ARG: " + name + " is given twice");
        text += (text.size() > 1 ? "," : "") + as_string(name) + ':' +
                value_of(argument.substr(*length + 1));
    }
    return text + '}';
}

/// Those that JSON-RPC knows, as they are in a message; empty if it has none.
struct Members {
    std::string_view jsonrpc;
    std::string_view id;
    std::string_view method;
    std::string_view result;
    std::string_view error;
};

/// Of a message that has passed validate().
Members members_of(std::string_view message) {
    Members members;
    for_each_member(message, [&members](std::string_view name, std::string_view value) {
        std::string plain;
        if (name.find('\\') != std::string_view::npos) {
            plain = as_string(parse(name).get<std::string>());
            name = plain;
        }
        if (name == "\"id\"") members.id = value;
        if (name == "\"jsonrpc\"") members.jsonrpc = value;
        if (name == "\"method\"") members.method = value;
        if (name == "\"result\"") members.result = value;
        if (name == "\"error\"") members.error = value;
    });
    return members;
}

/// Is one text so much longer that it hardly has the value of the other? An escape has six bytes
/// for one, and white space adds some. Security: no tree is made of a peer's large message to
/// compare it with a small one.
bool too_long_for(std::string_view one, std::string_view other) {
    constexpr std::size_t factor = 8;
    constexpr std::size_t some = 1000;
    const auto [small, large] = std::minmax({one.size(), other.size()});
    return large > factor * small + some;
}

/// A number as text, without memory of its own.
class Digits {
  public:
    explicit Digits(std::uint64_t number)
        : end_(std::to_chars(text_.data(), text_.data() + text_.size(), number).ptr) {}
    std::string_view view() const {
        return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
    }

  private:
    std::array<char, 20> text_;
    const char* end_;
};

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

std::string request_text(std::string_view method, std::string_view params, std::string_view id) {
    std::string text = R"({"jsonrpc":"2.0","method":)" + as_string(method);
    if (!params.empty()) text += ",\"params\":" + std::string(params);
    if (!id.empty()) text += ",\"id\":" + std::string(id);
    return text + '}';
}

bool is_notification(std::string_view message) {
    const Members members = members_of(message);
    return !members.method.empty() && members.id.empty();
}

std::string_view id_of_call(std::string_view message) {
    const Members members = members_of(message);
    if (members.jsonrpc.empty() || members.method.empty() || members.id.empty()) return {};
    const bool usable =
        std::string_view("\"-0123456789").find(members.id.front()) != std::string_view::npos;
    return usable ? members.id : std::string_view();
}

bool same_id(std::string_view one, std::string_view other) {
    if (one == other) return true;
    if (one.empty() || other.empty() || too_long_for(one, other)) return false;
    try {
        return parse(one) == parse(other);
    } catch (const PayloadError&) {  // a number that no tree can hold
        return false;
    }
}

std::optional<ReplyText> reply_text_in(std::string_view message) {
    validate(message);
    const Members members = members_of(message);
    if (!members.method.empty()) return std::nullopt;
    if (members.result.empty() == members.error.empty()) {
        throw ProtocolError("it is no JSON-RPC: " + printable(message));
    }
    return ReplyText{.id = members.id, .result = members.result, .error = members.error};
}

std::optional<RpcReply> reply_in(std::string_view message, std::string_view id) {
    const std::optional<ReplyText> reply = reply_text_in(message);
    if (!reply || (!reply->belongs_to_none() && !same_id(reply->id, id))) return std::nullopt;
    const auto compact_or_empty = [](std::string_view text) {
        return text.empty() ? std::string() : compact(text);
    };
    return RpcReply{compact_or_empty(reply->result), compact_or_empty(reply->error)};
}

std::string error_line(const std::string& object, std::string_view where) {
    if (!json_lines()) return object;
    std::string message;
    for_each_member(object, [&message](std::string_view name, std::string_view value) {
        if (name == "\"message\"" && value.front() == '"') message = value.substr(1);
    });
    if (message.empty()) message = '"';
    return R"({"error":{"kind":"rpc","message":")" + std::string(where) + message +
           ",\"object\":" + object + "}}";
}

std::string_view id_of_request(std::string_view message) {
    validate(message);
    const Members members = members_of(message);
    const bool reply = !members.result.empty() || !members.error.empty();
    if (reply || !members.method.starts_with('"') || members.id.empty()) return {};
    const bool no_id = std::string_view("{[tf").find(members.id.front()) != std::string_view::npos;
    return no_id ? std::string_view() : members.id;
}

std::optional<std::string> refusal_of(std::string_view message) {
    const std::string_view id = id_of_request(message);
    if (id.empty()) return std::nullopt;
    return R"({"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":)" +
           std::string(id) + '}';
}

bool comes_back(std::string_view message, std::string_view request) {
    if (message == request) return true;
    if (too_long_for(message, request)) return false;
    try {
        return parse(message) == parse(request);
    } catch (const PayloadError&) {
        return false;
    }
}

RepeatedRequest::RepeatedRequest(std::string text) : before_(std::move(text)) {
    const auto require = [](bool condition, const char* otherwise) {
        if (!condition) throw UsageError(std::string("no JSON-RPC request: ") + otherwise);
    };
    require(before_.front() != '[', "a batch");
    require(before_.front() == '{', "no object");
    const Members members = members_of(before_);
    require(!members.method.empty(), R"(it has no "method")");
    require(members.method.front() == '"', R"("method" is no string)");
    if (members.id.empty()) {
        before_.replace(before_.size() - 1, 1, ",\"id\":");
        after_ = '}';
    } else {
        const auto place = static_cast<std::size_t>(members.id.data() - before_.data());
        after_ = before_.substr(place + members.id.size());
        before_.resize(place);
    }
}

void RepeatedRequest::write(std::uint64_t id, std::string& out) const {
    out.assign(before_).append(Digits(id).view()).append(after_);
}

std::size_t RepeatedRequest::size(std::uint64_t id) const {
    return before_.size() + Digits(id).view().size() + after_.size();
}

}  // namespace jsocket::cli
