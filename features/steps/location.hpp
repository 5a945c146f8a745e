// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// A place in the sources. Location, which Clang 14 does not have.
struct Location {
    /// As a default argument: the place of the call.
    static constexpr Location current(const char* file = __builtin_FILE(),
                                      int line = __builtin_LINE()) {
        return {file, line};
    }

    const char* file;
    int line;
};

/// "features/steps/client_steps.cpp:12", wherever the sources lie.
std::string to_string(Location location);
