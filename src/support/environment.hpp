// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>

namespace jsocket {

/// An environment variable; null if it is not set. Nothing here changes the environment, so that
/// all threads may read it.
inline const char* environment(const char* name) {
    return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): only reads
}

}  // namespace jsocket
