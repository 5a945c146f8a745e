// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include "cli/json_members.hpp"
#include "core/utf8.hpp"
#include "support/environment.hpp"

#include <jsocket/json.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

namespace jsocket::cli {

namespace {

std::atomic<bool> json_wanted{false};

template <typename Kind>
bool is(const std::exception& error) {
    return dynamic_cast<const Kind*>(&error) != nullptr;
}

/// The character that one to three bytes of UTF-8 are.
unsigned code_point(std::string_view text) {
    constexpr std::array<unsigned, 3> masks{0x7f, 0x1f, 0x0f};  // what the first byte has of it
    unsigned code = static_cast<unsigned char>(text.front()) & masks.at(text.size() - 1);
    for (const char c : text.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
    return code;
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

std::string for_terminal(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = harmful_character(text.substr(at));
        if (size == 0) {
            out += text[at++];
            continue;
        }
        const unsigned code = code_point(text.substr(at, size));
        out += "\\u";
        for (const unsigned shift : {12U, 8U, 4U, 0U}) out += digits[code >> shift & 0xfU];
        at += size;
    }
    return out;
}

void print_line(std::string_view text) {
    const bool shown = isatty(STDOUT_FILENO) == 1;
    const std::string harmless = shown ? for_terminal(text) : std::string();
    if (shown) text = harmless;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        throw OutputError("cannot write to standard output: " +
                          std::generic_category().message(errno));
    }
}

void use_json_lines() { json_wanted = true; }

bool json_lines() { return json_wanted; }

void complain(std::string_view text) { complain_of("warning", text); }

void complain_of(std::string_view kind, std::string_view text) {
    std::string line;
    if (json_wanted) {
        const json error{{"error", {{"kind", kind}, {"message", text}}}};
        line = line_of(error);
    } else {
        line = "jsocket: ";
        for (const char c : text) {
            line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    print_diagnostic(line);
}

void print_diagnostic(std::string_view text) {
    const std::string line = for_terminal(text) + '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
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

ExitCode complain_of(const std::exception& error) {
    if (is<AlreadyReported>(error)) return failed;
    const std::string_view kind = kind_of(error);
    complain_of(kind, error.what());
    return kind == "usage" ? usage : failed;
}

bool is_terminal(int fd) {
    const char* const kind = environment("TERM");
    return isatty(fd) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

bool colours(int fd) {
    const char* const refused = environment("NO_COLOR");
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
