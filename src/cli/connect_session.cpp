// SPDX-License-Identifier: Apache-2.0
#include "cli/connect_session.hpp"

#include "cli/json_members.hpp"
#include "cli/terminal.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <histedit.h>
#include <poll.h>

namespace jsocket::cli {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds completion_timeout{1000};
constexpr std::chrono::milliseconds aside_timeout{1000};
constexpr std::array<const char*, 4> commands{":describe", ":help", ":methods", ":quit"};

constexpr const char* help =
    "{\"echo\": \"hello\"}    a JSON text is sent as it is\n"
    "METHOD ARG...        is a call, with arguments as `jsocket call` takes them:\n"
    "                     sum 1 2, or sum a=1 b=2; quotes work as in a shell\n"
    ":methods             what the server can be asked for\n"
    ":describe METHOD     its parameters and result\n"
    ":quit                or C-d\n"
    "C-c gives up a line, or cancels a call; Tab completes";

/// The words of a line, by the rules of a shell. Throws UsageError for a quote without end.
std::vector<std::string> split(const std::string& line) {
    Tokenizer* const tokenizer = tok_init(nullptr);
    int count = 0;
    const char** words = nullptr;
    const int unfinished = tok_str(tokenizer, line.c_str(), &count, &words);
    std::vector<std::string> split;
    if (unfinished == 0) split.assign(words, words + count);
    tok_end(tokenizer);
    if (unfinished != 0) throw UsageError("a quote has no end");
    return split;
}

/// Does it begin as JSON does, and no name of a method?
bool looks_like_json(std::string_view text) {
    return std::string_view("{[\"-0123456789").find(text.front()) != std::string_view::npos ||
           text == "null" || text == "true" || text == "false";
}

std::string trimmed(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos) return "";
    return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace

ConnectSession::ConnectSession(Talk& talk, const ClientArguments& client, User user)
    : talk_(talk), client_(client), user_(std::move(user)) {}

bool ConnectSession::execute(const std::string& line) {
    const std::string text = trimmed(line);
    if (text.empty()) return true;
    show_news();
    try {
        if (text.front() == ':') return command(text);
        if (looks_like_json(text)) {
            send_json(text);
        } else {
            call(split(text));
        }
    } catch (const OutputError&) {
        throw;  // nobody would see what further lines come to
    } catch (const Error& error) {
        fail(error);
    }
    return true;
}

bool ConnectSession::command(const std::string& line) {
    const std::vector<std::string> words = split(line);
    const std::string& name = words.front();
    if (name == ":quit") return false;
    if (name == ":help") {
        user_.show(Kind::reply, help);
    } else if (name == ":methods") {
        for (const std::string& method : discovery(client_.timeout()).methods()) {
            user_.show(Kind::reply, plain_name(method));
        }
    } else if (name == ":describe" && words.size() == 2) {
        describe(words[1]);
    } else {
        throw UsageError(name == ":describe" ? ":describe takes the name of a method"
                                             : printable(name) + " is unknown; :help has a list");
    }
    return true;
}

void ConnectSession::describe(const std::string& method) {
    const auto description = discovery(client_.timeout()).description(method);
    if (!description) throw UsageError("the server has no method " + printable(method));
    user_.show(Kind::reply, *description);
}

void ConnectSession::send_json(const std::string& text) {
    const std::string message = [&text] {
        try {
            return compact(text);
        } catch (const PayloadError& error) {
            throw UsageError("JSON: " + std::string(error.what()));
        }
    }();
    const Deadline deadline = deadline_after(client_.timeout());
    if (!wait_for_connection(deadline)) return;
    const Clock::time_point start = Clock::now();
    talk_.send(message, deadline);
    if (is_notification(message)) return;
    const std::string id(id_of_call(message));
    const auto reply = id.empty() ? next_reply(message, deadline) : reply_to(message, id, deadline);
    if (!reply) {
        if (id.empty()) user_.show(Kind::note, "not waiting any more");
        return;
    }
    user_.show(Kind::reply, compact(*reply));
    show_time(start);
}

/// The next message; behind JSON-RPC a request of the server is none that counts.
std::optional<std::string> ConnectSession::next_reply(const std::string& sent, Deadline deadline) {
    const bool rpc = sent.front() == '[' || refusal_of(sent);
    for (;;) {
        std::optional<std::string> message = next_message(deadline);
        if (!message || !rpc || !refusal_of(*message) || comes_back(*message, sent)) return message;
        show({Talk::Event::Kind::message, *message});
    }
}

void ConnectSession::call(const std::vector<std::string>& words) {
    if (words.empty()) return;
    const std::string params = params_of({words.begin() + 1, words.end()});
    const Clock::time_point start = Clock::now();
    const std::optional<RpcReply> reply = ask(words.front(), params, client_.timeout());
    if (!reply) return;
    if (reply->error.empty()) {
        user_.show(Kind::reply, reply->result);
    } else {
        failed_ = true;
        user_.show(Kind::error, reply->error);
    }
    show_time(start);
}

std::optional<RpcReply> ConnectSession::ask(std::string_view method, std::string_view params,
                                            std::chrono::milliseconds timeout) {
    const std::string id = new_id();
    const Deadline deadline = deadline_after(timeout);
    if (!wait_for_connection(deadline)) return std::nullopt;
    const std::string request = request_text(method, params, id);
    talk_.send(request, deadline);
    const std::optional<std::string> message = reply_to(request, id, deadline);
    if (!message) return std::nullopt;
    if (comes_back(*message, request)) {
        throw ProtocolError("it comes back; this is no JSON-RPC server");
    }
    return reply_in(*message, id);
}

/// The reply to a call that was sent, or the call itself if it comes back; other messages are
/// shown. When the user does not want to wait any more, or it takes too long, the call is given up.
std::optional<std::string> ConnectSession::reply_to(const std::string& request,
                                                    const std::string& id, Deadline deadline) {
    // The user may use an id again. It then is this call's.
    std::erase_if(given_up_, [&id](const std::string& other) { return same_id(id, other); });
    try {
        while (std::optional<std::string> message = next_message(deadline)) {
            try {
                if (comes_back(*message, request) || reply_in(*message, id)) return message;
            } catch (const Error&) {
                // Something else that the server has to say.
            }
            show({Talk::Event::Kind::message, *message});
        }
    } catch (const TimeoutError&) {
        give_up(id);
        throw;
    }
    give_up(id);
    user_.show(Kind::note, "not waiting any more; asked the server to cancel call " + id);
    return std::nullopt;
}

std::string ConnectSession::new_id() {
    for (;;) {
        std::string id = std::to_string(++last_id_);
        const auto is_id = [&id](const std::string& other) { return same_id(id, other); };
        if (std::none_of(given_up_.begin(), given_up_.end(), is_id)) return id;
    }
}

/// Has the server stop a call, if it has rpc.cancel.
void ConnectSession::give_up(const std::string& id) {
    constexpr std::size_t most = 1000;  // each message is compared with them
    if (given_up_.size() == most) given_up_.erase(given_up_.begin());
    given_up_.push_back(id);
    ++cancels_;
    send_aside(request_text("rpc.cancel", "{\"id\":" + id + '}'));
}

/// Until there is a connection. False if the user does not want to wait for that. Throws
/// TimeoutError; after that ConnectionClosed at once, so that a script does not wait at each line.
bool ConnectSession::wait_for_connection(Deadline deadline) {
    if (connected_) return true;
    talk_.hurry();
    if (waited_) {
        throw ConnectionClosed("no connection to " + client_.server() + "; trying again", false);
    }
    try {
        while (!connected_) {
            const std::optional<Talk::Event> event = wait_for_event(deadline, "connection to");
            if (!event) {
                user_.show(Kind::note, "not waiting any more");
                return false;
            }
            show(*event);
        }
    } catch (const TimeoutError&) {
        waited_ = true;
        throw;
    }
    return true;
}

/// The next message. Empty if the user does not want to wait any more. Throws TimeoutError, and
/// ConnectionClosed if the connection ends.
std::optional<std::string> ConnectSession::next_message(Deadline deadline) {
    while (const auto event = wait_for_event(deadline, "reply from")) {
        if (event->kind == Talk::Event::Kind::message) return event->text;
        show(*event);
        if (event->kind == Talk::Event::Kind::disconnected) {
            throw ConnectionClosed("no reply: the connection has ended", false);
        }
    }
    return std::nullopt;
}

/// The next event; empty if the user does not want to wait any more. Throws TimeoutError, which
/// says `what` has not come.
std::optional<Talk::Event> ConnectSession::wait_for_event(Deadline deadline, const char* what) {
    for (;;) {
        // First, since a server may send without end.
        if (user_.impatient()) {
            user_.show(Kind::note, "");  // ends the line in which the terminal shows ^C
            return std::nullopt;
        }
        if (Clock::now() >= deadline) throw TimeoutError(client_.timed_out(what));
        if (auto event = next_event()) return event;
        std::array<pollfd, 2> ready{{{talk_.fd(), POLLIN, 0}, {user_.fd, POLLIN, 0}}};
        poll(ready.data(), ready.size(), poll_timeout(deadline));
    }
}

/// The next event that is no reply to what was given up; such a reply is told of.
std::optional<Talk::Event> ConnectSession::next_event() {
    while (std::optional<Talk::Event> event = talk_.next()) {
        if (event->kind != Talk::Event::Kind::message) {
            given_up_.clear();
            cancels_ = 0;
        }
        if (!is_given_up(event->text)) return event;
        user_.show(Kind::note, "too late: " + compact(event->text));
    }
    return std::nullopt;
}

/// Is it a reply to a call that was given up, or to rpc.cancel? That one wants none, but a server
/// that does not know it may send an error without an id.
bool ConnectSession::is_given_up(std::string_view message) {
    if (given_up_.empty() && cancels_ == 0) return false;
    try {
        const std::optional<ReplyText> reply = reply_text_in(message);
        if (!reply) return false;
        if (reply->belongs_to_none()) {
            if (cancels_ == 0) return false;
            --cancels_;
            return true;
        }
        return std::erase_if(given_up_, [&reply](const std::string& id) {
                   return same_id(reply->id, id);
               }) > 0;
    } catch (const Error&) {
        return false;  // no JSON-RPC, or no JSON
    }
}

void ConnectSession::show_news() {
    // Not until there are none: a server may send faster than they are printed. This is as much as
    // may have come by now.
    std::size_t bytes = 0;
    for (std::size_t count = 0; count < Talk::most_events && bytes < Talk::most_bytes; ++count) {
        const std::optional<Talk::Event> event = next_event();
        if (!event) return;
        bytes += event->text.size();
        show(*event);
    }
}

void ConnectSession::show(const Talk::Event& event) {
    switch (event.kind) {
        case Talk::Event::Kind::message:
            try {
                user_.show(Kind::unasked, compact(event.text));
                if (const auto refusal = refusal_of(event.text)) send_aside(*refusal);
            } catch (const PayloadError& error) {
                fail(ProtocolError("a message that is no JSON: " + std::string(error.what())));
            }
            break;
        case Talk::Event::Kind::connected:
            connected_ = true;
            waited_ = false;
            reads_ = true;
            user_.show(Kind::connection, "connected again");
            break;
        case Talk::Event::Kind::disconnected:
            connected_ = false;
            discovery_.reset();
            user_.show(Kind::connection, event.text + "; trying to connect again");
            break;
    }
}

/// Sends what no line waits for: a refusal or rpc.cancel. A server that does not take one in time
/// gets no other on this connection, so that it cannot hold up line after line.
void ConnectSession::send_aside(const std::string& message) {
    if (!reads_) return;
    try {
        talk_.send(message, deadline_after(aside_timeout));
    } catch (const TimeoutError&) {
        reads_ = false;
    } catch (const Error&) {
        // An event tells of the connection's end.
    }
}

const Discovery& ConnectSession::discovery(std::chrono::milliseconds timeout) {
    if (!discovery_) {
        const std::optional<RpcReply> reply = ask("rpc.discover", "", timeout);
        if (!reply) throw Error("the methods are not known");
        if (!reply->error.empty()) throw Error("rpc.discover: " + reply->error);
        discovery_.emplace(reply->result);
    }
    return *discovery_;
}

std::vector<std::string> ConnectSession::words(std::string_view before, std::string_view word) {
    if (word.starts_with(':')) {
        return before.empty() ? std::vector<std::string>(commands.begin(), commands.end())
                              : std::vector<std::string>();
    }
    if (!before.empty() && before != ":describe ") return {};
    if (!connected_) return {};
    try {
        std::vector<std::string> names = discovery(completion_timeout).methods();
        // Only those that a line can hold without quotes.
        std::erase_if(names, [](const std::string& name) {
            return name.find_first_of(" \t\"'\\") != std::string::npos || plain_name(name) != name;
        });
        return names;
    } catch (const Error&) {
        return {};
    }
}

void ConnectSession::fail(const Error& error) {
    failed_ = true;
    user_.complain(error);
}

void ConnectSession::show_time(Clock::time_point start) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.3f ms",
                  std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    user_.show(Kind::note, text.data());
}

}  // namespace jsocket::cli
