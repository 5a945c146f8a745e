// SPDX-License-Identifier: Apache-2.0
#include "support/log.hpp"

#include <spdlog/spdlog.h>

namespace jsocket::log {
namespace {

void write(spdlog::level::level_enum level, const std::string& text) noexcept {
    try {
        if (const auto logger = spdlog::get("jsocket")) logger->log(level, "{}", text);
    } catch (...) {
        // A full disk or a sink of the user's that throws must not cost a client its connection.
    }
}

}  // namespace

void info(const std::string& text) noexcept { write(spdlog::level::info, text); }
void warn(const std::string& text) noexcept { write(spdlog::level::warn, text); }

}  // namespace jsocket::log
