// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/message_log.hpp"
#include "cli/reply_rules.hpp"
#include "support/complaints.hpp"

#include <jsocket/limits.hpp>
#include <jsocket/server/server_factory_thread.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket::cli {

/// What all connections of a `jsocket listen` share.
struct MockSettings {
    MessageLog& log;
    Complaints& failures;                ///< of connections
    Complaints& without_rule;            ///< messages
    ReplyRules* rules = nullptr;         ///< none: nothing is replied but `otherwise`
    std::optional<json> otherwise = {};  ///< the reply to what no rule is for
    Limits limits = {};
};

/// Prints what a client sends, and replies what the rules say.
class Mock : public ServerFactoryThread {
  public:
    explicit Mock(const MockSettings* settings) : settings_(*settings) {}

  private:
    using Answer = ReplyRules::Answer;

    void on_connect() override;
    void on_error(const std::exception& error) override;
    void on_disconnect() override;
    void process_payload(std::string_view payload, std::string& reply) override;
    std::optional<json> process_message(json& message) override;

    std::optional<Answer> answer(const std::string& text);

    const MockSettings& settings_;
    std::string error_;
    bool complained_ = false;
};

}  // namespace jsocket::cli
