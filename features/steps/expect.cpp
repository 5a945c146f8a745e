// SPDX-License-Identifier: Apache-2.0
#include "expect.hpp"

#include <poll.h>
#include <string_view>

StepFailed::StepFailed(const std::string& what, Location where)
    : std::runtime_error(what), where_(to_string(where)) {}

std::string to_string(Location location) {
    std::string_view file = location.file;
    const std::size_t begin = file.rfind("features/steps/");
    if (begin != std::string_view::npos) {
        file.remove_prefix(begin);
    }
    return std::string(file) + ':' + std::to_string(location.line);
}

void expect(bool condition, const std::string& otherwise, Location where) {
    if (!condition) {
        throw StepFailed(otherwise, where);
    }
}

void eventually(const std::function<bool()>& condition, const std::string& otherwise,
                Location where) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            throw StepFailed(otherwise, where);
        }
        ::poll(nullptr, 0, 1);  // statistics change without telling anybody: look again in 1 ms
    }
}
