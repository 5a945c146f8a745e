// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace jsocket {

/// Who is at the other end, as far as somebody vouches for it.
struct PeerCredentials {
    /// The kernel does for the process that connected to a UNIX-domain socket (SO_PEERCRED,
    /// unix(7)): its user then. Empty, like the next two, for other sockets. Security: every user
    /// or group without a number in the user namespace of this process has the overflow number,
    /// mostly 65534, and a process of another PID namespace the id 0.
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;  ///< its group then
    std::optional<pid_t> pid;  ///< its id, which by now may be another process's

    /// A certificate authority does for the subject of a client's certificate, in the form of RFC
    /// 2253: "CN=worker 7,O=Example". Empty without a certificate. Control characters, and those
    /// that change the direction of text, are escaped byte by byte, as "\C2\9B".
    std::string certificate_subject;
};

}  // namespace jsocket
