// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace jsocket::bench {

/// A socket that listens on 127.0.0.1:PORT (0: a free one) or unix:PATH, with a backlog that takes
/// many clients at once. SIGTERM then ends the program, and leaves a UNIX socket's file behind.
int listen_on(std::string_view address);

/// Prints where `fd` listens, on one line: whoever started this program waits for it.
void announce(int fd);

}  // namespace jsocket::bench
