// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <sys/types.h>

namespace jsocket {

/// The file of a listening UNIX-domain socket, removed when the object goes if it is still ours.
class UnixSocketFile {
  public:
    /// Binds `fd` to `path` and listens. Takes the place of a socket that nobody listens on.
    /// Throws ConnectError.
    UnixSocketFile(int fd, std::string path, mode_t mode);
    ~UnixSocketFile();
    UnixSocketFile(const UnixSocketFile&) = delete;
    UnixSocketFile& operator=(const UnixSocketFile&) = delete;

  private:
    void bind_and_listen(int fd, mode_t mode);
    void remove_stale() const;
    [[noreturn]] void fail(int error, const char* what) const;

    const std::string path_;           // as it was given: there may be no room for a longer one
    const std::string absolute_path_;  // holds when the working directory changes
    dev_t device_ = 0;                 // of the file that is ours to remove
    ino_t inode_ = 0;
};

}  // namespace jsocket
