// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/rpc_discovery.hpp"
#include "cli/rpc_text.hpp"
#include "cli/talk.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::cli {

/// What lines typed into `jsocket connect` do: `:` commands, JSON, and calls.
class ConnectSession {
  public:
    /// Where a line of output belongs.
    enum class Kind {
        reply,    ///< what was asked for
        unasked,  ///< a message that answers nothing
        error,    ///< an error object, or a diagnostic
        note,     ///< about the connection, or how long something took
    };
    using Print = std::function<void(Kind kind, std::string_view text)>;

    /// How a user who has had enough of waiting says so.
    struct Impatience {
        int fd = -1;  ///< readable when it may be time to look; -1 for never
        std::function<bool()> shown = [] { return false; };
    };

    ConnectSession(Talk& talk, std::chrono::milliseconds timeout, Impatience impatience,
                   Print print);

    /// Does what a line says, and waits for the reply if there is one. False if it says `:quit`.
    /// Throws what has ended the conversation: an OutputError, or what Talk::next() throws.
    bool execute(const std::string& line);

    /// Prints what has come without being asked for, up to now.
    void show_news();

    /// What Tab may make of `word`, behind `before`.
    std::vector<std::string> words(std::string_view before, std::string_view word);

    /// Has a line failed?
    bool failed() const { return failed_; }

  private:
    bool command(const std::string& line);
    void send_json(const std::string& text);
    std::optional<std::string> next_reply(const std::string& sent, Deadline deadline);
    void call(const std::vector<std::string>& words);
    std::optional<RpcReply> ask(std::string_view method, std::string_view params,
                                std::chrono::milliseconds timeout);
    std::optional<std::string> reply_to(const std::string& request, const std::string& id,
                                        Deadline deadline);
    std::optional<std::string> next_message(Deadline deadline);
    const Discovery& discovery(std::chrono::milliseconds timeout);
    void describe(const std::string& method);
    std::optional<Talk::Event> next_event();
    bool is_given_up(std::string_view message);
    std::string new_id();
    void give_up(const std::string& id);
    void show(const Talk::Event& event);
    void refuse(const std::string& message);
    void fail(std::string_view text);
    void show_time(std::chrono::steady_clock::time_point start);

    Talk& talk_;
    const std::chrono::milliseconds timeout_;
    const Impatience impatience_;
    const Print print_;
    int last_id_ = 0;
    bool failed_ = false;

    // Of this connection.
    std::vector<std::string> given_up_;  // ids of calls that nobody waits for any more
    std::size_t cancels_ = 0;            // that may yet be answered
    std::optional<Discovery> discovery_;
};

}  // namespace jsocket::cli
