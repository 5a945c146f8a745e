// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/signal_queue.hpp"

#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::cli {

/// Reads lines from a terminal, which can be edited, completed and found again in a history; while
/// somebody types, other things can be printed above the line.
///
/// C-c empties the line, or if it is empty begins another one. Signals that end the process, stop
/// it or have it go on find the terminal as it was before the line.
class LineEditor {
  public:
    /// Those that it looks at: SIGINT and SIGWINCH always, the others while a line is typed.
    class Signals {
      public:
        /// To be made before any thread: all of them are blocked until there is a LineEditor, and
        /// in every thread that is started by then for ever. Throws Error if there is no file
        /// descriptor left.
        Signals() = default;
        ~Signals() {
            keys_.restore();
            others_.unblock();
        }
        Signals(const Signals&) = delete;
        Signals& operator=(const Signals&) = delete;

        /// Readable if one has come.
        int fd() const { return all_.fd(); }

      private:
        friend class LineEditor;
        const SignalQueue all_{SIGINT, SIGWINCH, SIGHUP, SIGTERM, SIGQUIT, SIGTSTP, SIGCONT};
        const SignalQueue keys_{SIGINT, SIGWINCH};
        const SignalQueue others_{SIGHUP, SIGTERM, SIGQUIT, SIGTSTP, SIGCONT};
    };

    struct Options {
        std::string prompt;

        /// Where lines are kept, for its owner only; empty for nowhere.
        std::string history_file;

        const Signals* signals = nullptr;

        /// While a line is being typed, `on_wake` is called whenever `wake` is readable.
        int wake = -1;
        std::function<void()> on_wake;

        /// The words that may stand where `word` begins; `before` is the line up to there.
        std::function<std::vector<std::string>(std::string_view before, std::string_view word)>
            complete;
    };

    explicit LineEditor(Options options);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    /// The next line, without its end; empty at the end of input, C-d on an empty line.
    std::optional<std::string> read();

    /// Keeps a line, unless it is blank or begins with a blank; older ones that are the same go.
    void remember(const std::string& line);

    /// Has C-c come? For those that wait for something between lines, or while they complete a
    /// word, when Signals::fd() is readable.
    bool interrupted();

    /// Prints whole lines, in the place of the one that is being typed, which follows below.
    void print(std::string_view text);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// $XDG_STATE_HOME/jsocket/history, or that in ~/.local/state, whose folder now exists; empty if it
/// cannot be made.
std::string history_path();

}  // namespace jsocket::cli
