// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <string>

namespace test_support {

/// The file descriptors this process has open.
inline std::set<int> open_descriptors() {
    std::set<int> open;
    DIR* directory = opendir("/proc/self/fd");
    while (const dirent* entry = readdir(directory)) {
        if (entry->d_name[0] != '.') open.insert(std::stoi(entry->d_name));
    }
    open.erase(dirfd(directory));
    closedir(directory);
    return open;
}

/// Those of them that a program started from here would inherit.
inline std::set<int> inheritable_descriptors() {
    std::set<int> inheritable;
    for (const int fd : open_descriptors()) {
        if ((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) inheritable.insert(fd);
    }
    return inheritable;
}

}  // namespace test_support
