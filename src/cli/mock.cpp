// SPDX-License-Identifier: Apache-2.0
#include "cli/mock.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

namespace jsocket::cli {

void Mock::on_connect() { settings_.log.connected(session_id(), peer()); }

void Mock::on_error(const std::exception& error) {
    error_ = error.what();
    settings_.failures.add(peer() + " is disconnected: " + error_);
}

void Mock::on_disconnect() { settings_.log.disconnected(session_id(), peer(), error_); }

void Mock::process_payload(std::string_view payload, std::string& reply) {
    const std::string text = compact(payload, settings_.limits);
    const std::optional<Answer> chosen = answer(text);
    // Before the reply: whoever has that finds the line.
    const auto rule = chosen && chosen->rule > 0 ? std::optional(chosen->rule) : std::nullopt;
    if (!settings_.log.message(session_id(), peer(), text, rule) || !chosen) return;
    if (chosen->reply) serialize(*chosen->reply, reply, settings_.limits);
    if (chosen->close) disconnect_client();
}

/// Never called: process_payload() keeps the numbers that no tree can hold.
std::optional<json> Mock::process_message(json&) { return std::nullopt; }

std::optional<Mock::Answer> Mock::answer(const std::string& text) {
    if (settings_.rules == nullptr && !settings_.otherwise) return std::nullopt;
    json message;
    std::string reason;
    try {
        message = parse(text, settings_.limits);
        if (settings_.rules != nullptr) {
            if (auto answer = settings_.rules->answer(message)) return answer;
        }
    } catch (const PayloadError& error) {  // a number beyond 64 bits
        reason = std::string(", since rules cannot look at it: ") + error.what();
    }
    if (settings_.otherwise) {
        return Answer{.rule = 0, .reply = fill_in(*settings_.otherwise, message)};
    }
    if (!complained_) {
        settings_.without_rule.add("no rule is for " + printable(text) + " from " + peer() +
                                   reason);
    }
    complained_ = true;
    return std::nullopt;
}

}  // namespace jsocket::cli
