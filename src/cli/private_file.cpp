// SPDX-License-Identifier: Apache-2.0
#include "cli/private_file.hpp"

#include <jsocket/error.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace jsocket::cli {
namespace {

constexpr mode_t owner_alone = S_IRUSR | S_IWUSR;

std::string reason(int error) {
    if (error == ELOOP) return "it is a symbolic link; name the file itself";
    if (error == ENXIO) return "it is a pipe or a socket; name a file";
    return std::generic_category().message(error);
}

int open_private(const std::string& path) {
    // Not emptied before it has been looked at; and a pipe without a reader is not waited for.
    const int fd =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
               owner_alone);
    if (fd < 0) throw UsageError("cannot write " + path + ": " + reason(errno));
    return fd;
}

/// What is wrong with this file, or nothing.
std::string prepare(int fd) {
    struct stat file {};
    if (::fstat(fd, &file) != 0) return reason(errno);
    ::fcntl(fd, F_SETFL, 0);  // a terminal that takes no more for now is waited for
    if (S_ISCHR(file.st_mode)) return "";
    if (!S_ISREG(file.st_mode)) return "it is a pipe or a device; name a file";
    if (file.st_uid != ::geteuid()) return "it belongs to another user; remove it first";
    if (file.st_nlink > 1) return "it has another name, too; remove it first";
    if (::fchmod(fd, owner_alone) != 0 || ::ftruncate(fd, 0) != 0) return reason(errno);
    return "";
}

}  // namespace

PrivateFile::PrivateFile(const std::string& path) : fd_(open_private(path)) {
    const std::string problem = prepare(fd_);
    if (problem.empty()) return;
    ::close(fd_);
    throw UsageError("cannot write " + path + ": " + problem);
}

PrivateFile::~PrivateFile() { ::close(fd_); }

int PrivateFile::write(std::string_view text) const {
    while (!text.empty()) {
        const ssize_t size = ::write(fd_, text.data(), text.size());
        if (size >= 0) {
            text.remove_prefix(static_cast<std::size_t>(size));
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

}  // namespace jsocket::cli
