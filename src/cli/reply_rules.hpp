// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace jsocket::cli {

/// Does `message` have everything that `pattern` has? Of an object every member of the pattern is
/// looked for, and in the same way; all else has to be equal.
bool matches(const json& pattern, const json& message);

/// `reply` with each string "${POINTER}" in it, as a whole, replaced by the value at that JSON
/// Pointer (RFC 6901) of `message`; null where there is none. "$${" stands for "${".
json fill_in(const json& reply, const json& message);

/// Throws UsageError if `reply` has a "${...}" that is no JSON Pointer.
void check_reply(const json& reply);

/// What to reply to which messages; docs/listen.md describes the text.
///
/// Threads:  any number may ask for answers at the same time.
/// Errors:   the constructor throws UsageError, which names the rule and what is wrong with it.
class ReplyRules {
  public:
    /// A JSON array of rules, or one rule a line.
    explicit ReplyRules(std::string_view text);

    struct Answer {
        std::size_t rule;  ///< from 1
        std::optional<json> reply;
        bool close = false;
    };

    /// That of the first rule that matches and has not matched as often as it may; empty if there
    /// is none.
    std::optional<Answer> answer(const json& message);

  private:
    struct Rule {
        std::optional<json> when;
        std::optional<json> reply;
        std::optional<std::uint64_t> times;  // left
        bool close = false;
    };

    static Rule read(json& rule);
    void add(json& rule, std::size_t line);

    std::mutex mutex_;  // of `times`
    std::vector<Rule> rules_;
};

}  // namespace jsocket::cli
