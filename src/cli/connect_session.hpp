// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/client_arguments.hpp"
#include "cli/rpc_discovery.hpp"
#include "cli/rpc_text.hpp"
#include "cli/talk.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
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
        reply,       ///< what was asked for
        unasked,     ///< a message that answers nothing
        error,       ///< an error object
        connection,  ///< it has ended, or there is one again
        note,        ///< anything else, such as how long something took
    };

    /// Whoever it is that lines come from.
    struct User {
        std::function<void(Kind kind, std::string_view text)> show;
        std::function<void(const std::exception& error)> complain;  ///< a line has failed
        int fd = -1;  ///< readable when it may be time to ask for patience; -1 for never
        std::function<bool()> impatient = [] { return false; };  ///< enough of waiting?
    };

    /// `client` has the time-out, and the name of the server.
    ConnectSession(Talk& talk, const ClientArguments& client, User user);

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
    bool wait_for_connection(Deadline deadline);
    std::optional<std::string> next_message(Deadline deadline);
    std::optional<Talk::Event> wait_for_event(Deadline deadline, const char* what);
    const Discovery& discovery(std::chrono::milliseconds timeout);
    void describe(const std::string& method);
    std::optional<Talk::Event> next_event();
    bool is_given_up(std::string_view message);
    std::string new_id();
    void give_up(const std::string& id);
    void show(const Talk::Event& event);
    void send_aside(const std::string& message);
    void fail(const Error& error);
    void show_time(std::chrono::steady_clock::time_point start);

    Talk& talk_;
    const ClientArguments& client_;
    const User user_;
    int last_id_ = 0;
    bool failed_ = false;
    bool connected_ = true;
    bool waited_ = false;  // for the connection, in vain

    // Of this connection.
    bool reads_ = true;                  // does the server read in time?
    std::vector<std::string> given_up_;  // ids of calls that nobody waits for any more
    std::size_t cancels_ = 0;            // that may yet be answered
    std::optional<Discovery> discovery_;
};

}  // namespace jsocket::cli
