// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace jsocket {

/// A small file, such as the system's in /proc, up to 64 KiB; empty if it cannot be read.
/// Programs that other threads start meanwhile do not inherit it, unlike that of a std::ifstream.
std::string read_file(const char* path);

}  // namespace jsocket
