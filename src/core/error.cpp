// SPDX-License-Identifier: Apache-2.0
#include <jsocket/error.hpp>

namespace jsocket {

MessageTooLarge::MessageTooLarge(std::size_t size, std::size_t limit)
    : UsageError("message of " + std::to_string(size) + " bytes exceeds max_message_size " +
                 std::to_string(limit)),
      size_(size),
      limit_(limit) {}

}  // namespace jsocket
