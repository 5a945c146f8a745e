// SPDX-License-Identifier: Apache-2.0
#include "support/read_file.hpp"

#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <unistd.h>

namespace jsocket {
namespace {

constexpr std::size_t most = 64 * 1024;

}  // namespace

std::string read_file(const char* path) {
    std::string text(most, '\0');  // before there is a descriptor to close
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::size_t size = 0;
    while (size < most) {
        const ssize_t got = ::read(fd, text.data() + size, most - size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size += static_cast<std::size_t>(got);
    }
    ::close(fd);
    text.resize(size);
    return text;
}

}  // namespace jsocket
