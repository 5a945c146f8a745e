// SPDX-License-Identifier: Apache-2.0
#include "cli/recorder.hpp"

#include "cli/terminal.hpp"
#include "testing/recording.hpp"

#include <jsocket/error.hpp>

#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace jsocket::cli {

Recorder::Recorder(std::string path) : path_(std::move(path)), file_(path_) {
    if (!file_) {
        throw UsageError("--record: cannot write " + path_ + ": " +
                         std::generic_category().message(errno));
    }
}

void Recorder::add(const testing::ProxyEvent& event) noexcept {
    try {
        const std::string line = testing::recording_line(event);
        const std::lock_guard lock(mutex_);
        if (failed_) return;
        errno = 0;
        file_ << line << std::endl;  // what is in the file is right also if we are killed
        if (file_) return;
        failed_ = true;
        complain("--record: cannot write " + path_ + ": " + std::generic_category().message(errno) +
                 "; the recording ends here");
    } catch (const std::exception& error) {  // no memory left
        const std::lock_guard lock(mutex_);
        failed_ = true;
        complain(error.what());
    }
}

void Recorder::finish() {
    if (failed_) throw Error("the recording in " + path_ + " is not complete");
}

}  // namespace jsocket::cli
