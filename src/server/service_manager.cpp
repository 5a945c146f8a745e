// SPDX-License-Identifier: Apache-2.0
#include "socket/address.hpp"
#include "support/environment.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>
#include <jsocket/server/service_manager.hpp>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace jsocket {
namespace {

constexpr timeval patience{1, 0};

[[noreturn]] void fail(std::string_view socket, int error) {
    const std::error_code code(error, std::system_category());
    throw ConnectionError(
        "cannot tell the service manager at \"" + printable(socket, 200) + "\": " + code.message(),
        code);
}

/// Of a path, or "@NAME" in the abstract name space.
SocketAddress notify_address(std::string_view name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() < 2 || (name[0] != '/' && name[0] != '@')) fail(name, EAFNOSUPPORT);
    if (name.size() > sizeof address.sun_path) fail(name, ENAMETOOLONG);
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    SocketAddress result;
    std::memcpy(&result.storage, &address, sizeof address);
    // A name in the abstract space ends where the address does, and not with a zero byte.
    result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    return result;
}

/// Sends one datagram, waiting for room if the service manager is slow. Returns errno, or 0.
int send_to(const SocketAddress& address, std::string_view state) {
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ssize_t sent = 0;
    do {
        sent = ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, address.data(), address.size);
    } while (sent < 0 && errno == EINTR);
    const int error = sent < 0 ? errno : 0;
    ::close(fd);
    return error;
}

bool notify(std::string_view state) {
    const char* const name = environment("NOTIFY_SOCKET");
    if (!name || *name == '\0') return false;
    if (const int error = send_to(notify_address(name), state)) fail(name, error);
    return true;
}

/// The number that an environment variable holds, if it does.
std::optional<std::int64_t> number(const char* name) {
    const char* const text = environment(name);
    if (!text) return std::nullopt;
    std::int64_t value = 0;
    const char* const end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

}  // namespace

bool notify_ready(std::string_view status) {
    std::string state = "READY=1";
    // A line break in it would begin another assignment.
    if (!status.empty()) state += "\nSTATUS=" + printable(status, 500);
    return notify(state);
}

bool notify_reloading() {
    // By this systemd tells which READY=1 follows it.
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
    return notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

bool notify_stopping() { return notify("STOPPING=1"); }

bool notify_watchdog() { return watchdog_interval() && notify("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_interval() {
    const auto interval = number("WATCHDOG_USEC");
    if (!interval || *interval <= 0) return std::nullopt;
    // A child process inherits the variables, but is not the one to be watched.
    const bool for_one_process = environment("WATCHDOG_PID") != nullptr;
    if (for_one_process && number("WATCHDOG_PID") != ::getpid()) return std::nullopt;
    return std::chrono::microseconds(*interval);
}

}  // namespace jsocket
