// SPDX-License-Identifier: Apache-2.0
#include "support/log.hpp"

#include <spdlog/spdlog.h>

#include <chrono>

namespace jsocket::log {
namespace {

void write(spdlog::level::level_enum level, const std::string& text) noexcept {
    try {
        if (const auto logger = spdlog::get("jsocket")) logger->log(level, "{}", text);
    } catch (...) {
        // A full disk or a sink of the user's that throws must not cost a client its connection.
    }
}

void write(spdlog::level::level_enum level, Throttle& throttle, const std::string& text) noexcept {
    const auto left_out = throttle.pass();
    if (!left_out) return;
    try {
        const std::string more = " (and " + std::to_string(*left_out) + " more like it before)";
        write(level, *left_out > 0 ? text + more : text);
    } catch (...) {
        // No memory for it.
    }
}

}  // namespace

std::optional<std::uint64_t> Throttle::pass() noexcept {
    using std::chrono::nanoseconds;
    constexpr std::int64_t pause = nanoseconds(std::chrono::seconds(1)).count();
    const std::int64_t now =
        nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
    std::int64_t next = next_.load(std::memory_order_relaxed);
    if (now >= next && next_.compare_exchange_strong(next, now + pause)) {
        return left_out_.exchange(0);
    }
    left_out_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
}

void prepare() noexcept {
    try {
        spdlog::get("jsocket");
    } catch (...) {
        // No memory for it; it is tried again with each message.
    }
}

void info(const std::string& text) noexcept { write(spdlog::level::info, text); }
void warn(const std::string& text) noexcept { write(spdlog::level::warn, text); }

void info(Throttle& throttle, const std::string& text) noexcept {
    write(spdlog::level::info, throttle, text);
}

void warn(Throttle& throttle, const std::string& text) noexcept {
    write(spdlog::level::warn, throttle, text);
}

}  // namespace jsocket::log
