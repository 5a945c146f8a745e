// SPDX-License-Identifier: Apache-2.0
#include "cli/exchange.hpp"

#include "cli/calls_in_flight.hpp"
#include "cli/json_members.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>
#include <jsocket/json_text.hpp>

#include <charconv>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

namespace jsocket::cli {
namespace {

/// The object of an error of JSON-RPC; empty if it is none. Hardly any other reply has both names
/// somewhere, so that members are hardly ever looked for.
std::string_view error_in(std::string_view reply) {
    constexpr auto npos = std::string_view::npos;
    if (reply.find("\"error\"") == npos || reply.find("\"jsonrpc\"") == npos) return {};
    bool rpc = false;
    std::string_view error;
    try {
        validate(reply);
    } catch (const PayloadError&) {
        return {};
    }
    for_each_member(reply, [&](std::string_view name, std::string_view value) {
        rpc = rpc || name == "\"jsonrpc\"";
        if (name == "\"error\"") error = value;
    });
    return rpc ? error : std::string_view();
}

/// The n-th message that comes is the reply to the n-th that was sent.
class OrderedExchange final : public Exchange {
  public:
    OrderedExchange(const LoadOptions& options, const Pacer& pacer, std::size_t number)
        : messages_(options.messages), pacer_(pacer), number_(number) {}

    void sending(std::uint64_t, std::size_t) override {}

    std::string_view message(std::uint64_t number) override { return text(number); }

    std::size_t size(std::uint64_t number) const override { return text(number).size(); }

    std::optional<Reply> take(std::string_view text) override {
        const std::uint64_t number = replies_++;
        return Reply{number, pacer_.start_of(number), error_in(text)};
    }

    LoadClock::time_point waiting_since() override { return pacer_.start_of(replies_); }

  private:
    std::string_view text(std::uint64_t number) const {
        return messages_[(number_ + number) % messages_.size()];
    }

    const std::vector<std::string>& messages_;
    const Pacer& pacer_;
    const std::size_t number_;
    std::uint64_t replies_ = 0;
};

/// Replies have the id of their call, and come in any order.
class RpcExchange final : public Exchange {
  public:
    RpcExchange(const LoadOptions& options, const Pacer& pacer, std::size_t number)
        : requests_(options.calls), pacer_(pacer), number_(number) {}

    void sending(std::uint64_t first, std::size_t count) override { end_ = first + count; }

    std::string_view message(std::uint64_t number) override {
        if (number == handed_over_) hand_over();
        request(number).write(number + first_id, text_);
        return text_;
    }

    std::size_t size(std::uint64_t number) const override {
        return request(number).size(number + first_id);
    }

    std::optional<Reply> take(std::string_view text) override {
        const std::size_t begin = text.find_first_not_of(" \t\r\n");
        if (begin != std::string_view::npos && text[begin] == '[') {
            throw ProtocolError("a batch came, and none was sent: " + printable(text));
        }
        const std::optional<ReplyText> reply = reply_text_in(text);
        if (!reply) {  // the server's own request or notification
            refuse_own(text);
            return std::nullopt;
        }
        const std::uint64_t number = number_of(reply->id);
        if (number >= calls_.end()) take_over();
        const std::optional<CallsInFlight::Call> call = calls_.take(number);
        if (call) return Reply{number, call->start, reply->error};
        throw ProtocolError("no call waits for a reply with " +
                            (reply->id.empty() ? "no id" : "the id " + printable(reply->id)) +
                            ": " + printable(text, 200));
    }

    LoadClock::time_point waiting_since() override {
        if (calls_.empty()) take_over();
        return calls_.empty() ? LoadClock::now() : calls_.oldest().sent;
    }

  private:
    static constexpr std::uint64_t first_id = 1;  // some programs take 0 for none

    /// Throws ProtocolError if a call is what comes: an echo server would leave all without a
    /// reply.
    void refuse_own(std::string_view text) {
        const std::uint64_t number = number_of(id_of_request(text));
        if (number >= calls_.end()) take_over();
        if (number >= calls_.end()) return;
        std::string own;
        request(number).write(number + first_id, own);
        if (comes_back(text, own)) {
            throw ProtocolError("it comes back; this is no JSON-RPC server");
        }
    }

    static std::uint64_t number_of(std::string_view id) {
        std::uint64_t number = 0;
        const char* const end = id.data() + id.size();
        const auto [stop, error] = std::from_chars(id.data(), end, number);
        const bool is_number = error == std::errc() && stop == end;
        return (is_number ? number : 0) - first_id;  // far beyond any call if it is 0
    }

    const RepeatedRequest& request(std::uint64_t number) const {
        return requests_[(number_ + number) % requests_.size()];
    }

    /// Has the receiver know of the next calls: of as many as are about to be written together,
    /// since a server that does not read for a while may keep the ones behind them waiting.
    void hand_over() {
        constexpr std::size_t enough = 4096;
        const LoadClock::time_point now = LoadClock::now();
        const std::scoped_lock lock(mutex_);
        for (std::size_t bytes = 0; handed_over_ < end_ && bytes < enough; ++handed_over_) {
            sent_.push_back({.start = pacer_.start_of(handed_over_), .sent = now});
            bytes += size(handed_over_);
        }
    }

    void take_over() {
        const std::scoped_lock lock(mutex_);
        for (const CallsInFlight::Call& call : sent_) calls_.add(call);
        sent_.clear();
    }

    const std::vector<RepeatedRequest>& requests_;
    const Pacer& pacer_;
    const std::size_t number_;

    // The sender's.
    std::uint64_t handed_over_ = 0;  // calls of lower numbers
    std::uint64_t end_ = 0;          // of those that may be sent
    std::string text_;

    std::mutex mutex_;
    std::vector<CallsInFlight::Call> sent_;  // guarded by mutex_; handed over
    CallsInFlight calls_;                    // the receiver's
};

}  // namespace

std::unique_ptr<Exchange> make_exchange(const LoadOptions& options, const Pacer& pacer,
                                        std::size_t number) {
    if (options.rpc()) return std::make_unique<RpcExchange>(options, pacer, number);
    return std::make_unique<OrderedExchange>(options, pacer, number);
}

}  // namespace jsocket::cli
