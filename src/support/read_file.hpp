// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace jsocket {

/// The beginning of a small file, such as the system's in /proc; empty if it cannot be read.
/// Programs that other threads start meanwhile do not inherit it, unlike that of a std::ifstream.
std::string read_file(const char* path);

}  // namespace jsocket
