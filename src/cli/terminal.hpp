// SPDX-License-Identifier: Apache-2.0
#pragma once

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

/// Writes `text` and a line break to standard output at once. Throws Error if that fails.
void print_line(std::string_view text);

/// Writes "jsocket: `text`" to standard error, as one line whatever `text` contains.
void complain(std::string_view text);

}  // namespace jsocket::cli
