// SPDX-License-Identifier: Apache-2.0
#include "cli/message_log.hpp"

#include "cli/json_members.hpp"
#include "cli/terminal.hpp"

#include <jsocket/error.hpp>

#include <array>
#include <chrono>
#include <cstdio>

namespace jsocket::cli {
namespace {

/// {"time":...,"event":... without the end, so that a message can follow as it came.
std::string begin_event(const char* event) {
    const std::chrono::duration<double> time = std::chrono::system_clock::now().time_since_epoch();
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), R"({"time":%.6f,"event":"%s")", time.count(), event);
    return text.data();
}

/// ,"NAME":VALUE
void append(std::string& line, const char* name, const json& value) {
    line += std::string(",\"") + name + "\":" + line_of(value);
}

}  // namespace

bool MessageLog::message(SessionId connection, const std::string& peer, std::string_view text,
                         std::optional<std::size_t> rule) {
    std::string line;
    if (as_json_) {
        line = begin_event("message");
        append(line, "connection", connection);
        append(line, "peer", peer);
        if (rule) append(line, "rule", *rule);
        line.append(",\"message\":").append(text) += '}';
        text = line;
    }
    const std::scoped_lock lock(mutex_);
    if (left_ == 0 || !print(text)) return false;
    if (left_ != unlimited && --left_ == 0) done_.raise();
    return true;
}

void MessageLog::connected(SessionId connection, const std::string& peer) {
    print_event("connect", connection, peer, {});
}

void MessageLog::disconnected(SessionId connection, const std::string& peer,
                              const std::string& error) {
    print_event("disconnect", connection, peer, error);
}

void MessageLog::print_event(const char* event, SessionId connection, const std::string& peer,
                             const std::string& error) {
    if (!as_json_) return;
    std::string line = begin_event(event);
    append(line, "connection", connection);
    append(line, "peer", peer);
    if (!error.empty()) append(line, "error", error);
    const std::scoped_lock lock(mutex_);
    print(line + '}');
}

void MessageLog::check() const {
    const std::scoped_lock lock(mutex_);
    if (!failure_.empty()) throw Error(failure_);
}

/// With mutex_ held.
bool MessageLog::print(std::string_view line) {
    if (!failure_.empty()) return false;
    try {
        print_line(line);
        return true;
    } catch (const Error& error) {
        failure_ = error.what();
        done_.raise();
        return false;
    }
}

}  // namespace jsocket::cli
