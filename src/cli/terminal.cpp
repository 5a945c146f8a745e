// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <jsocket/json.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace jsocket::cli {

namespace {

std::atomic<bool> json_wanted{false};

template <typename Kind>
bool is(const std::exception& error) {
    return dynamic_cast<const Kind*>(&error) != nullptr;
}

std::string_view kind_of(const std::exception& error) {
    if (is<UsageError>(error)) return "usage";
    if (is<ConnectError>(error)) return "connect";
    if (is<TlsError>(error)) return "tls";
    if (is<ConnectionError>(error)) return "connection";
    if (is<TimeoutError>(error)) return "timeout";
    if (is<ProtocolError>(error)) return "protocol";
    return "failed";
}

}  // namespace

void prepare_standard_streams() {
    std::signal(SIGPIPE, SIG_IGN);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
        // open() takes the lowest free number, which is fd. The wrong direction on purpose: using
        // a stream that the caller has closed stays an error.
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return;
    }
}

void print_line(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        throw Error("cannot write to standard output: " + std::generic_category().message(errno));
    }
}

void use_json_lines() { json_wanted = true; }

bool json_lines() { return json_wanted; }

void complain(std::string_view text) { complain_of("warning", text); }

void complain_of(std::string_view kind, std::string_view text) {
    std::string line;
    if (json_wanted) {
        // Text from outside may be no UTF-8.
        const json error{{"error", {{"kind", kind}, {"message", text}}}};
        line = error.dump(-1, ' ', false, json::error_handler_t::replace);
    } else {
        line = "jsocket: ";
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            line += byte < 0x20 || byte == 0x7f ? ' ' : c;
        }
    }
    print_diagnostic(std::move(line));
}

void print_diagnostic(std::string line) {
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

ExitCode complain_of(const std::exception& error) {
    if (is<AlreadyReported>(error)) return failed;
    const std::string_view kind = kind_of(error);
    complain_of(kind, error.what());
    return kind == "usage" ? usage : failed;
}

bool is_terminal(int fd) {
    const char* const kind = std::getenv("TERM");
    return isatty(fd) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

bool colours(int fd) {
    const char* const refused = std::getenv("NO_COLOR");
    return is_terminal(fd) && (refused == nullptr || *refused == '\0');
}

std::string with_look(Look look, std::string_view text) {
    constexpr std::array codes{"\x1b[1m", "\x1b[31m", "\x1b[36m"};
    return codes.at(static_cast<std::size_t>(look)) + std::string(text) + "\x1b[0m";
}

std::optional<WindowSize> window_size(int fd) {
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
    return WindowSize{size.ws_row, size.ws_col};
}

std::size_t columns(int fd) {
    constexpr std::size_t usual = 80;
    const auto size = window_size(fd);
    return size ? static_cast<std::size_t>(size->columns) : usual;
}

}  // namespace jsocket::cli
