// SPDX-License-Identifier: Apache-2.0
#include "cli/exchange.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json.hpp>

namespace jsocket::cli {
namespace {

/// Is it an error of JSON-RPC? Hardly any other reply has both names somewhere, so that a tree is
/// hardly ever made.
bool is_error(std::string_view reply) {
    constexpr auto npos = std::string_view::npos;
    if (reply.find("\"error\"") == npos || reply.find("\"jsonrpc\"") == npos) return false;
    try {
        const json tree = parse(reply);
        return tree.is_object() && tree.contains("jsonrpc") && tree.contains("error");
    } catch (const PayloadError&) {
        return false;
    }
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
        return Reply{number, pacer_.start_of(number), is_error(text)};
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

}  // namespace

std::unique_ptr<Exchange> make_exchange(const LoadOptions& options, const Pacer& pacer,
                                        std::size_t number) {
    return std::make_unique<OrderedExchange>(options, pacer, number);
}

}  // namespace jsocket::cli
