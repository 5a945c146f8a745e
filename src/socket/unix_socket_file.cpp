// SPDX-License-Identifier: Apache-2.0
#include "socket/unix_socket_file.hpp"

#include "socket/address.hpp"

#include <jsocket/deadline.hpp>
#include <jsocket/error.hpp>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace jsocket {
namespace {

const char* remedy(int error) {
    switch (error) {
        case EADDRINUSE:
            return "; choose another path, or remove what is there";
        case ENOENT:
        case ENOTDIR:
            return "; make its folder first";
        default:
            return "; choose another path";
    }
}

/// Keeps other servers from looking at the files of a folder and removing one: of two that find the
/// same left-over, the second would remove the socket of the first. The lock is on the folder
/// itself, so that no lock file stays behind.
///
/// Whoever may read the folder may hold the lock, so it is waited for only a moment, and a server
/// that does not get it goes on without.
class FolderLock {
  public:
    explicit FolderLock(const std::string& folder)
        : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        if (fd_ < 0) return;
        const Deadline deadline = deadline_after(std::chrono::seconds(1));
        while (::flock(fd_, LOCK_EX | LOCK_NB) != 0 &&
               std::chrono::steady_clock::now() < deadline) {
            ::poll(nullptr, 0, 5);
        }
    }

    ~FolderLock() {
        if (fd_ >= 0) ::close(fd_);
    }

    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

  private:
    const int fd_;
};

/// Does a connection to `address` find nobody? Anything but a plain refusal counts as somebody.
bool nobody_listens(const SocketAddress& address) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    const bool refused = ::connect(fd, address.data(), address.size) != 0 && errno == ECONNREFUSED;
    ::close(fd);
    return refused;
}

}  // namespace

UnixSocketFile::UnixSocketFile(int fd, std::string path, mode_t mode)
    : path_(std::move(path)), absolute_path_(std::filesystem::absolute(path_).string()) {
    const FolderLock lock(std::filesystem::path(absolute_path_).parent_path().string());
    bind_and_listen(fd, mode);
    struct stat file {};
    if (::lstat(absolute_path_.c_str(), &file) != 0) fail(errno, "it has vanished");
    device_ = file.st_dev;
    inode_ = file.st_ino;
}

/// While the socket still listens, so that no other server takes the file for a left-over.
UnixSocketFile::~UnixSocketFile() {
    struct stat file {};
    if (::lstat(absolute_path_.c_str(), &file) == 0 && file.st_dev == device_ &&
        file.st_ino == inode_) {
        ::unlink(absolute_path_.c_str());
    }
}

void UnixSocketFile::bind_and_listen(int fd, mode_t mode) {
    const SocketAddress address = unix_address(path_);
    // The file appears with these permissions, less the umask; there is no moment with more.
    ::fchmod(fd, mode);
    if (::bind(fd, address.data(), address.size) != 0) {
        if (errno != EADDRINUSE) fail(errno, "cannot bind");
        remove_stale();
        if (::bind(fd, address.data(), address.size) != 0) fail(errno, "cannot bind");
    }
    if (::chmod(path_.c_str(), mode) != 0 || ::listen(fd, SOMAXCONN) != 0) {
        const int error = errno;
        ::unlink(path_.c_str());
        fail(error, "cannot set its permissions or listen");
    }
}

void UnixSocketFile::remove_stale() const {
    struct stat file {};
    if (::lstat(path_.c_str(), &file) != 0) return;  // gone by itself
    if (!S_ISSOCK(file.st_mode)) fail(EADDRINUSE, "there is a file that is not a socket");
    if (!nobody_listens(unix_address(path_))) fail(EADDRINUSE, "a server is listening there");
    if (::unlink(path_.c_str()) != 0) fail(errno, "cannot remove what a server left behind");
}

void UnixSocketFile::fail(int error, const char* what) const {
    const std::error_code code(error, std::system_category());
    const std::string endpoint = "unix:" + path_;
    throw ConnectError(
        "cannot listen on " + endpoint + ": " + what + ": " + code.message() + remedy(error), code,
        endpoint);
}

}  // namespace jsocket
