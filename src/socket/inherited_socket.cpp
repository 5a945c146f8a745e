// SPDX-License-Identifier: Apache-2.0
#include "socket/inherited_socket.hpp"

#include "socket/address.hpp"
#include "support/environment.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <optional>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace jsocket {
namespace {

constexpr int first_descriptor = 3;

[[noreturn]] void fail(const Endpoint& endpoint, std::error_code code, const std::string& reason) {
    throw ConnectError("cannot listen on " + to_string(endpoint) + ": " + reason, code,
                       to_string(endpoint));
}

[[noreturn]] void fail_with_none(const Endpoint& endpoint, const std::string& reason) {
    fail(endpoint, std::make_error_code(std::errc::address_not_available), reason);
}

std::string_view variable(const char* name) {
    const char* const value = environment(name);
    return value ? value : "";
}

/// Empty for what is no number of `least` or more.
std::optional<int> number(std::string_view text, int least) {
    int value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end || value < least) return std::nullopt;
    return value;
}

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

/// How many descriptors were passed on to this process; the variables may be meant for another one.
int passed_descriptors(const Endpoint& endpoint) {
    const std::string_view pid = variable("LISTEN_PID");
    const std::string_view count = variable("LISTEN_FDS");
    if (pid.empty() || count.empty()) {
        fail_with_none(endpoint,
                       "no socket was passed on, as LISTEN_FDS and LISTEN_PID are not set; start "
                       "the program by a .socket unit, or with systemd-socket-activate");
    }
    if (number(pid, 1) != ::getpid()) {
        fail_with_none(endpoint, "the sockets of LISTEN_FDS are for process " + quoted(pid) +
                                     " (LISTEN_PID), and this is " + std::to_string(::getpid()));
    }
    const auto descriptors = number(count, 1);
    if (!descriptors || *descriptors > std::numeric_limits<int>::max() - first_descriptor) {
        fail_with_none(endpoint,
                       "LISTEN_FDS is " + quoted(count) + ", which is no number of sockets");
    }
    return *descriptors;
}

std::vector<std::string_view> passed_names() {
    std::vector<std::string_view> names;
    std::string_view rest = variable("LISTEN_FDNAMES");
    for (;;) {
        const std::size_t colon = rest.find(':');
        names.push_back(rest.substr(0, colon));
        if (colon == std::string_view::npos) return names;
        rest.remove_prefix(colon + 1);
    }
}

std::string list(const std::vector<std::string_view>& names) {
    constexpr std::size_t most = 10;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
        text += (i == 0 ? "" : ", ") + quoted(names[i]);
    }
    return names.size() > most ? text + " ..." : text;
}

/// Which of `count` descriptors it is that `endpoint` names.
int chosen_descriptor(const Endpoint& endpoint, int count) {
    const std::string_view name = *endpoint.systemd_name();
    const std::vector<std::string_view> names = passed_names();
    if (name.empty()) {
        if (count == 1) return first_descriptor;
        fail_with_none(endpoint, std::to_string(count) +
                                     " sockets were passed on; choose one by its name, as "
                                     "systemd:NAME; their names are " +
                                     list(names));
    }
    if (names.size() != static_cast<std::size_t>(count)) {
        fail_with_none(endpoint, "LISTEN_FDNAMES has " + std::to_string(names.size()) +
                                     " name(s) for " + std::to_string(count) + " socket(s)");
    }
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        fail_with_none(endpoint, "no socket of that name was passed on; there is " + list(names));
    }
    if (std::find(found + 1, names.end(), name) != names.end()) {
        fail_with_none(endpoint,
                       "several sockets have that name; give each .socket unit a "
                       "FileDescriptorName= of its own, with one ListenStream=");
    }
    return first_descriptor + static_cast<int>(found - names.begin());
}

[[noreturn]] void fail_with_system(const Endpoint& endpoint, int fd) {
    const std::error_code code(errno, std::system_category());
    fail(endpoint, code, "descriptor " + std::to_string(fd) + ": " + code.message());
}

int socket_option(const Endpoint& endpoint, int fd, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, option, &value, &size) != 0) fail_with_system(endpoint, fd);
    return value;
}

void check_kind(const Endpoint& endpoint, int fd) {
    const std::string descriptor = "descriptor " + std::to_string(fd);
    if (socket_option(endpoint, fd, SO_TYPE) != SOCK_STREAM) {
        fail(endpoint, std::make_error_code(std::errc::wrong_protocol_type),
             descriptor + " is not a stream socket; let the .socket unit say ListenStream=");
    }
    if (socket_option(endpoint, fd, SO_ACCEPTCONN) == 0) {
        fail(endpoint, std::make_error_code(std::errc::invalid_argument),
             descriptor + " does not listen; let the .socket unit say Accept=no");
    }
}

/// Where a listening socket is to be found.
Endpoint own_endpoint(const Endpoint& endpoint, int fd) {
    SocketAddress address;
    if (::getsockname(fd, address.data(), &address.size) != 0) fail_with_system(endpoint, fd);
    const std::string descriptor = "descriptor " + std::to_string(fd);
    switch (address.family()) {
        case AF_INET:
        case AF_INET6:
            return parse_endpoint(to_string(address));
        case AF_UNIX: {
            const auto* const file = reinterpret_cast<const sockaddr_un*>(address.data());
            const std::size_t size = address.size - offsetof(sockaddr_un, sun_path);
            const std::string path(file->sun_path, ::strnlen(file->sun_path, size));
            if (!path.empty()) return {"unix:" + path, 0};
            fail(endpoint, std::make_error_code(std::errc::address_family_not_supported),
                 descriptor +
                     " has a name without a file, which no client here can connect to; "
                     "let the .socket unit say ListenStream=/PATH");
        }
        default:
            fail(endpoint, std::make_error_code(std::errc::address_family_not_supported),
                 descriptor + " is neither a TCP nor a UNIX-domain socket");
    }
}

}  // namespace

InheritedSocket inherit_socket(const Endpoint& endpoint) {
    const int passed = chosen_descriptor(endpoint, passed_descriptors(endpoint));
    check_kind(endpoint, passed);
    Endpoint own = own_endpoint(endpoint, passed);
    const int flags = ::fcntl(passed, F_GETFL);
    if (flags < 0 || ::fcntl(passed, F_SETFL, flags | O_NONBLOCK) < 0 ||
        ::fcntl(passed, F_SETFD, FD_CLOEXEC) < 0) {
        fail_with_system(endpoint, passed);
    }
    // Were the number itself closed with the server, it might be another file's when asked again.
    const int fd = ::fcntl(passed, F_DUPFD_CLOEXEC, first_descriptor);
    if (fd < 0) fail_with_system(endpoint, passed);
    return {fd, std::move(own)};
}

}  // namespace jsocket
