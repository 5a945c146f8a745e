// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

/// What a daemon tells the service manager that started it, in the words of sd_notify(3): systemd,
/// or any other program that gives it a NOTIFY_SOCKET. Sockets that it passes on are addresses; see
/// Listener.
///
///     jsocket::Running<Echo> server({.address = "systemd:"});
///     jsocket::notify_ready("listening on " + server.endpoint());
///     ... until SIGTERM ...
///     jsocket::notify_stopping();
///
/// Each returns false, with nothing done, if nobody wants to be told: so a daemon calls them
/// always. The variables stay set, as another thread may be reading the environment; systemd takes
/// no notice of what child processes say, unless NotifyAccess= tells it to.
///
/// Threads: may be called from any thread.
/// Errors:  ConnectionError if the service manager cannot be told, within a second. It may well end
///          the daemon for that; the daemon had better go on.
namespace jsocket {

/// Clients can connect; or, after notify_reloading(), the new configuration is in force. `status`
/// is for people, who see it in `systemctl status`.
bool notify_ready(std::string_view status = {});

/// The configuration is being read again; notify_ready() has to follow, also if that fails.
bool notify_reloading();

/// No more clients, and the last ones are being served. Before Server::stop().
bool notify_stopping();

/// The daemon is well. To be said at least every watchdog_interval(), by whoever can tell: a thread
/// that says so while others hang is worse than none.
bool notify_watchdog();

/// How long the daemon may say nothing before the service manager ends it, WatchdogSec=; empty if
/// it does not watch. Half of it is a good time to wait between two notify_watchdog().
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace jsocket
