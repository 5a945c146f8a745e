// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>
#include <jsocket/socket/interrupt.hpp>

namespace jsocket {

enum class Wait { ready, timeout, interrupted };

/// Waits until `fd` has one of the poll(2) `events`, or an error to report, or `interrupt` (may be
/// null) is raised, or the deadline passes.
Wait wait_for(int fd, short events, Deadline deadline, const Interrupt* interrupt);

}  // namespace jsocket
