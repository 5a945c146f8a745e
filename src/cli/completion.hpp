// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/description.hpp"

#include <string>

/// Scripts that have a shell complete the words of a `jsocket` command line: commands, options and
/// the values of those that have few, files, contexts, and the methods of `call` as the server
/// lists them at that moment.
///
/// Security: what a server or a file calls itself is only ever compared and inserted, never
/// expanded by the shell; and names with characters that a shell has a use for are left out.
namespace jsocket::cli {

std::string bash_completion(const Description& jsocket);
std::string zsh_completion(const Description& jsocket);
std::string fish_completion(const Description& jsocket);

}  // namespace jsocket::cli
