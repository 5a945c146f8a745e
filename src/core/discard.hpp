// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

namespace jsocket {

/// Makes `tree` null without needing memory. The destructor of a nlohmann::json with elements
/// allocates, to be safe from any depth, and ends the process if it cannot; so trees that the
/// library destroys go this way first. What is deeper than any message may be, it leaves to that
/// destructor.
void discard(json& tree) noexcept;

/// A tree that is discarded at its end.
struct Tree {
    json value = nullptr;
    ~Tree() { discard(value); }
};

}  // namespace jsocket
