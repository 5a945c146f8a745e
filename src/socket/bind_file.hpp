// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "socket/address.hpp"

#include <sys/types.h>

namespace jsocket {

/// Binds a UNIX-domain socket. Its file appears with the permissions `mode`, whatever the umask of
/// this process is, and is never named again to change them.
///
/// Where the system allows no child process, the umask takes permissions away. It never adds any.
///
/// Returns 0, or the error.
int bind_file(int fd, const SocketAddress& address, mode_t mode);

}  // namespace jsocket
