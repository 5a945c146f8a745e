// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

/// What the command has in common with every good citizen of a shell: data on standard output,
/// diagnostics on standard error, and an exit code that says whose fault it was.
namespace jsocket::cli {

enum ExitCode : int {
    success = 0,
    failed = 1,  ///< the peer or the network, or this machine
    usage = 2,   ///< what was asked for
};

/// To be called first. Makes descriptors 0 to 2 exist, so that no socket gets one of these numbers
/// and then what was meant for a terminal; and makes writing to a closed pipe an error instead of
/// the end of the process.
void prepare_standard_streams();

/// A text, JSON or not, with what JSON may leave in a string and a terminal acts upon as escapes of
/// JSON, which keep its value: DEL, the control characters from U+0080, and those that change the
/// direction of text. Security: with U+009B a peer could do all that ESC can.
std::string for_terminal(std::string_view text);

/// Standard output takes nothing any more.
class OutputError : public Error {
  public:
    using Error::Error;
};

/// Writes `text` and a line break to standard output at once: as it is or, to a terminal, as
/// for_terminal() has it. Throws OutputError if that fails.
void print_line(std::string_view text);

/// From now on diagnostics are lines of JSON, {"error":{"kind":...,"message":...}}, and the line of
/// a server that is ready is JSON, too: what `--json` asks of every command.
void use_json_lines();
bool json_lines();

/// Writes "jsocket: `text`" to standard error, as one line whatever `text` contains. The command
/// goes on after it; as JSON it is of the kind "warning". May be called from any thread.
void complain(std::string_view text);

/// The same for what the command ends with, of a kind that is a name for programs.
void complain_of(std::string_view kind, std::string_view text);

/// The same for an exception that ends it: "usage", "connect", "connection", "tls", "timeout",
/// "protocol" or, for anything else, "failed". Says nothing of AlreadyReported.
ExitCode complain_of(const std::exception& error);

/// The name for programs of an exception, as diagnostics have it.
std::string_view kind_of(const std::exception& error);

/// Writes `text` and a line break to standard error, as for_terminal() has it.
void print_diagnostic(std::string_view text);

/// Ends a command that has told on standard error why it failed.
class AlreadyReported : public Error {
  public:
    AlreadyReported() : Error("already reported") {}
};

/// Is this descriptor a terminal that can move its cursor? Nothing else is to get progress bars.
bool is_terminal(int fd);

/// May it be sent colours? Only a terminal, and not if the user has set NO_COLOR
/// (https://no-color.org).
bool colours(int fd);

/// How text may stand out where there are colours().
enum class Look { bold, red, cyan };
std::string with_look(Look look, std::string_view text);

/// How many characters fit into a terminal's window.
struct WindowSize {
    int lines;
    int columns;
};

/// Empty if nobody knows.
std::optional<WindowSize> window_size(int fd);

/// How many characters a line of it holds; 80 if nobody knows.
std::size_t columns(int fd);

}  // namespace jsocket::cli
