// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace jsocket {

/// Is the next file descriptor below the last `reserve` of those the process may have? `fd` is any
/// that is open.
bool descriptors_left(int fd, int reserve);

}  // namespace jsocket
