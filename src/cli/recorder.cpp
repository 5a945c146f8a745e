// SPDX-License-Identifier: Apache-2.0
#include "cli/recorder.hpp"

#include "cli/terminal.hpp"
#include "testing/recording.hpp"

#include <jsocket/error.hpp>

#include <exception>
#include <system_error>
#include <utility>

namespace jsocket::cli {

namespace {

PrivateFile file_for(const std::string& path) {
    try {
        return PrivateFile(path);
    } catch (const UsageError& error) {
        throw UsageError(std::string("--record: ") + error.what());
    }
}

}  // namespace

Recorder::Recorder(std::string path) : path_(std::move(path)), file_(file_for(path_)) {}

void Recorder::add(const testing::ProxyEvent& event) noexcept {
    try {
        const std::string line = testing::recording_line(event);
        const std::lock_guard lock(mutex_);
        if (failed_) return;
        const int error = file_.write(line + '\n');  // at once: it is right also if we are killed
        if (error == 0) return;
        failed_ = true;
        complain("--record: cannot write " + path_ + ": " + std::generic_category().message(error) +
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
