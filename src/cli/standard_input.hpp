// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace jsocket::cli {

/// What has come on standard input, waiting for it if need be; empty at its end. Throws Error if
/// it cannot be read, which is not to look like an empty input.
std::string read_some_input();

/// All that comes up to the end. Throws as read_some_input().
std::string read_all_input();

}  // namespace jsocket::cli
