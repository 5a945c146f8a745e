// SPDX-License-Identifier: Apache-2.0
#include "cli/connect_command.hpp"

#include "cli/connect_session.hpp"
#include "cli/line_editor.hpp"
#include "cli/rpc_text.hpp"
#include "cli/script_lines.hpp"
#include "cli/talk.hpp"
#include "cli/terminal.hpp"

#include <jsocket/error.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <unistd.h>

namespace jsocket::cli {

namespace {

using Kind = ConnectSession::Kind;

std::string coloured(Kind kind, std::string_view text) {
    std::string plain(text);
    switch (kind) {
        case Kind::unasked:
            return "\x1b[36m" + plain + "\x1b[0m";
        case Kind::error:
            return "\x1b[31m" + plain + "\x1b[0m";
        case Kind::connection:
        case Kind::note:
            return "\x1b[2m" + plain + "\x1b[0m";
        case Kind::reply:
            break;
    }
    return plain;
}

void converse(const ClientOptions& options, const ClientArguments& client) {
    Talk talk(options);  // C-c still ends the command meanwhile
    const LineEditor::Signals signals;
    talk.start();
    const bool colour = colours(STDOUT_FILENO);
    LineEditor* editor = nullptr;
    const auto show = [&](Kind kind, std::string_view text) {
        editor->print(colour ? coloured(kind, text) : std::string(text));
    };
    ConnectSession session(
        talk, client,
        {.show = show,
         .complain = [&show](const std::exception& error) { show(Kind::error, error.what()); },
         .fd = signals.fd(),
         .impatient = [&editor] { return editor->interrupted(); }});
    LineEditor lines(
        {.prompt = client.server() + "> ",
         .history_file = history_path(),
         .signals = &signals,
         .wake = talk.fd(),
         .on_wake = [&session] { session.show_news(); },
         .complete = [&session](std::string_view before,
                                std::string_view word) { return session.words(before, word); }});
    editor = &lines;
    lines.print("connected to " + client.server() + "; :help explains");
    while (const auto line = lines.read()) {
        lines.remember(*line);
        if (!session.execute(*line)) return;
    }
    std::cout << std::endl;
}

/// Without a terminal: the lines are a script, and output is for programs.
void run_script(const ClientOptions& options, const ClientArguments& client) {
    Talk talk(options);
    talk.start();
    std::string where;  // what is shown comes from
    const auto show = [&where](Kind kind, std::string_view text) {
        switch (kind) {
            case Kind::reply:
            case Kind::unasked:
                return print_line(text);
            case Kind::error:
                return print_diagnostic(error_line(std::string(text), where));
            case Kind::connection:
                return complain(text);
            case Kind::note:
                break;
        }
    };
    const auto complain_there = [&where](const std::exception& error) {
        complain_of(kind_of(error), where + error.what());
    };
    ConnectSession session(talk, client, {.show = show, .complain = complain_there});
    ScriptLines lines(talk.fd(), [&session] { session.show_news(); });
    for (std::size_t number = 1; const auto line = lines.read(); ++number) {
        where = "line " + std::to_string(number) + ": ";
        if (!session.execute(*line)) break;
        where.clear();
    }
    session.show_news();
    if (session.failed()) throw AlreadyReported();
}

}  // namespace

ConnectCommand::ConnectCommand(CLI::App& app)
    : Command(app, "connect", "Talk to a server, line by line") {
    client_.add_to(*command_, "For connecting, and then for each reply");
    command_->footer(
        "A line that is JSON is sent as it is; any other line is a call, METHOD\n"
        "ARG..., with arguments as `jsocket call` takes them. :help shows what else\n"
        "there is. Tab completes the methods that the server has. Lines are kept in\n"
        "a history, but for those that begin with a blank. What the server sends\n"
        "unasked is shown as it comes; when it has gone away, the command waits for\n"
        "it to come back.\n\n"
        "If standard input is no terminal its lines are a script: replies are\n"
        "printed as lines of JSON, error objects on standard error, and the exit\n"
        "code is 1 if a line has failed.\n\n"
        "Examples:\n"
        "  jsocket connect 127.0.0.1:5489\n"
        "  printf 'sum 1 2\\n:methods\\n' | jsocket connect @production");
}

void ConnectCommand::run() {
    ClientOptions options = client_.options();
    options.recv_timeout = options.send_timeout = client_.timeout();
    const bool terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    if (terminal) {
        converse(options, client_);
    } else {
        run_script(options, client_);
    }
}

}  // namespace jsocket::cli
