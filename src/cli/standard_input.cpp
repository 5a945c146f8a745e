// SPDX-License-Identifier: Apache-2.0
#include "cli/standard_input.hpp"

#include <jsocket/error.hpp>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <unistd.h>

namespace jsocket::cli {

std::string read_some_input() {
    constexpr std::size_t most = 65536;
    std::string piece(most, '\0');
    for (;;) {
        const ssize_t size = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw Error("standard input: " + std::generic_category().message(errno));
        piece.resize(static_cast<std::size_t>(size));
        return piece;
    }
}

std::string read_all_input() {
    std::string text;
    for (std::string piece; !(piece = read_some_input()).empty();) text += piece;
    return text;
}

}  // namespace jsocket::cli
