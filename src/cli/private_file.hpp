// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace jsocket::cli {

/// A file that its owner alone may read and write, for what is nobody else's business.
///
/// Security: others may be able to write to its folder. No symbolic link is followed, and neither
/// another user's file nor one with a second name is taken.
class PrivateFile {
  public:
    /// Makes the file. One that is there is emptied, and gets the permissions 0600. Character
    /// devices, such as /dev/null, are taken as they are. Throws UsageError for anything else.
    explicit PrivateFile(const std::string& path);
    ~PrivateFile();
    PrivateFile(const PrivateFile&) = delete;
    PrivateFile& operator=(const PrivateFile&) = delete;

    /// All of it. Returns 0, or the error.
    int write(std::string_view text) const;

  private:
    const int fd_;
};

}  // namespace jsocket::cli
