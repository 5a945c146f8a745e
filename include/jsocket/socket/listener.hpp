// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>
#include <jsocket/endpoint.hpp>
#include <jsocket/socket/interrupt.hpp>
#include <jsocket/socket/stream.hpp>

#include <memory>
#include <string_view>
#include <sys/types.h>

namespace jsocket {

class UnixSocketFile;

/// A bound and listening socket.
///
/// A UNIX-domain socket is a file. One that a server left behind is replaced, one that a server
/// listens on never is, nor is a file of another kind; it is removed when the listener goes.
///
/// `systemd:NAME` is a socket that listens already: systemd, or another service manager that
/// follows sd_listen_fds(3), has passed it on to this process under that name; `systemd:` is the
/// only one that was passed on. The listener has a descriptor of its own for it. So a server can be
/// started again, and clients that come in between wait, as they do while the whole process is
/// exchanged. The socket stays non-blocking. Its file, if it has one, belongs to the service
/// manager.
///
/// LISTEN_PID keeps child processes from taking the variables for theirs, so they stay set: another
/// thread may be reading the environment. Nor do children inherit the socket once a Listener has
/// it.
///
/// Threads:  accept() in one thread at a time.
class Listener {
  public:
    /// Binds and listens, with the system's longest queue of waiting connections. Port 0 takes a
    /// free one. Throws ConnectError if the address is taken or not ours, UsageError for a path
    /// too long for the system (over 107 bytes). `unix_mode` are the permissions of a UNIX-domain
    /// socket's file. For `systemd:` ConnectError if no such socket was passed on to this process,
    /// or what was is no listening TCP or UNIX-domain stream socket. Who accepts can be interrupted
    /// by `stop`, and so can be whoever waits to write to a stream that was accepted here.
    Listener(Endpoint endpoint, const Interrupt& stop, mode_t unix_mode = 0600);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// The next connection; empty when the deadline passes, or the listener's Interrupt is raised,
    /// first. A connection that went away before it was accepted is passed over. Throws
    /// ConnectionError for what is likely to happen again at once: no descriptors, no memory.
    std::unique_ptr<Stream> accept(Deadline deadline = no_deadline);

    /// Closes the socket: waiting and new connections are refused. They wait on for another server
    /// where a service manager has the socket, too.
    void close() noexcept;

    /// Where it listens, with the port it really got; never `systemd:`.
    const Endpoint& endpoint() const { return endpoint_; }

  private:
    void listen_on_path(std::string_view path, mode_t mode);
    void listen_on_port();

    Endpoint endpoint_;
    const Interrupt& stop_;
    int fd_ = -1;
    std::unique_ptr<UnixSocketFile> file_;  // of a UNIX-domain socket that is ours
};

}  // namespace jsocket
