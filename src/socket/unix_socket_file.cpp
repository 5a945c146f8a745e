// SPDX-License-Identifier: Apache-2.0
#include "socket/unix_socket_file.hpp"

#include "socket/address.hpp"
#include "socket/bind_file.hpp"

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
    explicit FolderLock(int folder)
        : fd_(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
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

/// A path that ends with a slash names the folder itself, which no socket can replace.
std::string name_in_folder(const std::string& path) {
    const std::string name = std::filesystem::path(path).filename().string();
    return name.empty() ? "." : name;
}

/// A descriptor that needs no permission to read the folder, or -1 and errno.
int open_folder(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return ::open(folder.empty() ? "." : folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/// What is there, a link being one; false and errno if nothing is.
bool look(int folder, const std::string& name, struct stat& file) {
    return ::fstatat(folder, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

UnixSocketFile::UnixSocketFile(int fd, std::string path, mode_t mode)
    : path_(std::move(path)), name_(name_in_folder(path_)), folder_(open_folder(path_)) {
    if (folder_ < 0) fail(errno, "cannot open its folder");
    try {
        const FolderLock lock(folder_);
        bind_and_listen(fd, mode);
    } catch (...) {
        remove_own();
        ::close(folder_);
        throw;
    }
}

/// While the socket still listens, so that no other server takes the file for a left-over.
UnixSocketFile::~UnixSocketFile() {
    remove_own();
    ::close(folder_);
}

void UnixSocketFile::bind_and_listen(int fd, mode_t mode) {
    bind(fd, mode);
    identify(mode);
    if (::listen(fd, SOMAXCONN) != 0) fail(errno, "cannot listen");
}

void UnixSocketFile::bind(int fd, mode_t mode) const {
    const SocketAddress address = unix_address(path_);
    int error = bind_file(fd, address, mode);
    if (error == EADDRINUSE) {
        remove_stale();
        error = bind_file(fd, address, mode);
    }
    if (error != 0) fail(error, "cannot bind");
}

/// Security: whoever may write to the folder can have put another file there by now. It is only
/// looked at, and later removed if it stays: that the other one could do as well.
void UnixSocketFile::identify(mode_t mode) {
    struct stat file {};
    if (!look(folder_, name_, file)) fail(errno, "it has vanished");
    if (!S_ISSOCK(file.st_mode)) fail(EADDRINUSE, "another file has taken its place");
    device_ = file.st_dev;
    inode_ = file.st_ino;
    if ((file.st_mode & 0777U) == (mode & 0777U)) return;
    fail(EACCES,
         "it did not get the permissions of unix_mode, as the umask or an access control list of "
         "its folder takes some away");
}

void UnixSocketFile::remove_stale() const {
    struct stat file {};
    if (!look(folder_, name_, file)) return;  // gone by itself
    if (!S_ISSOCK(file.st_mode)) fail(EADDRINUSE, "there is a file that is not a socket");
    if (!nobody_listens(unix_address(path_))) fail(EADDRINUSE, "a server is listening there");
    if (::unlinkat(folder_, name_.c_str(), 0) != 0) {
        fail(errno, "cannot remove what a server left behind");
    }
}

void UnixSocketFile::remove_own() const {
    struct stat file {};
    if (inode_ != 0 && look(folder_, name_, file) && file.st_dev == device_ &&
        file.st_ino == inode_) {
        ::unlinkat(folder_, name_.c_str(), 0);
    }
}

void UnixSocketFile::fail(int error, const char* what) const {
    const std::error_code code(error, std::system_category());
    const std::string endpoint = "unix:" + path_;
    throw ConnectError(
        "cannot listen on " + endpoint + ": " + what + ": " + code.message() + remedy(error), code,
        endpoint);
}

}  // namespace jsocket
