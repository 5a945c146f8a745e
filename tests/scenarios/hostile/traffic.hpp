// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace test_support {

/// What a generator of texts knows: how far it has come, and what the limits are.
struct Course {
    Course(std::uint64_t seed, const jsocket::Limits& its_limits)
        : random(seed), limits(its_limits) {}

    /// A number below `end`, the same on every machine.
    std::size_t below(std::size_t end) { return static_cast<std::size_t>(random() % end); }

    /// How large a text may be, and how many values it may have, if it is to be wrapped into a
    /// call.
    std::size_t room() const { return limits.max_message_size - 256; }
    std::size_t values() const { return limits.max_elements - 16; }

    std::mt19937_64 random;
    jsocket::Limits limits;
    std::size_t number = 0;  ///< of the text, from 0 on
};

/// An endless series of texts, valid or not, by which somebody may try to have the other side's
/// memory grow. The same seed makes the same texts.
struct Traffic {
    std::string name;
    std::string (*next)(Course&);
};

/// All there are. None has the end of a line in it.
const std::vector<Traffic>& all_traffic();

}  // namespace test_support
