// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/error.hpp>

#include <cstddef>
#include <string>

namespace jsocket::framing {

/// Throws the FramingError of a message whose length, as far as it is known, is over the limit.
inline void check_length(std::size_t length, std::size_t max_message_size) {
    if (length <= max_message_size) return;
    throw FramingError(FramingError::Kind::oversize,
                       "message of " + std::to_string(length) +
                           " bytes or more exceeds max_message_size " +
                           std::to_string(max_message_size));
}

}  // namespace jsocket::framing
