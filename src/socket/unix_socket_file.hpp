// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <sys/types.h>

namespace jsocket {

/// The file of a listening UNIX-domain socket, removed when the object goes if it is still ours.
///
/// Security: others may be able to write to the folder. No link is followed from it, and no file is
/// changed by name.
class UnixSocketFile {
  public:
    /// Binds `fd` to `path` and listens. Takes the place of a socket that nobody listens on. The
    /// file has the permissions `mode` from the beginning. Throws ConnectError.
    UnixSocketFile(int fd, std::string path, mode_t mode);
    ~UnixSocketFile();
    UnixSocketFile(const UnixSocketFile&) = delete;
    UnixSocketFile& operator=(const UnixSocketFile&) = delete;

  private:
    void bind_and_listen(int fd, mode_t mode);
    void bind(int fd, mode_t mode) const;
    void identify(mode_t mode);
    void remove_stale() const;
    void remove_own() const;
    [[noreturn]] void fail(int error, const char* what) const;

    const std::string path_;  // as it was given: there may be no room for a longer one
    const std::string name_;  // in the folder
    const int folder_;        // the same one also when it gets another name
    dev_t device_ = 0;        // of the file that is ours to remove
    ino_t inode_ = 0;
};

}  // namespace jsocket
