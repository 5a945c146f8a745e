// SPDX-License-Identifier: Apache-2.0
#include "support/read_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace jsocket {

std::string read_file(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::array<char, 4096> text;
    ssize_t size = 0;
    do {
        size = ::read(fd, text.data(), text.size());
    } while (size < 0 && errno == EINTR);
    ::close(fd);
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace jsocket
