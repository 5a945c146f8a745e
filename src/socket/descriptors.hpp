// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace jsocket {

/// May the process open more than `reserve` further file descriptors? `fd` is any that is open.
bool descriptors_left(int fd, int reserve);

}  // namespace jsocket
