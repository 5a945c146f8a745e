// SPDX-License-Identifier: Apache-2.0
#include "cli/reply_rules.hpp"

#include "cli/option_values.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace jsocket::cli {
namespace {

constexpr std::string_view opening = "${";
constexpr std::string_view escaped = "$${";

/// The POINTER of "${POINTER}"; empty for any other text.
std::optional<std::string> pointer_of(std::string_view text) {
    if (!text.starts_with(opening) || !text.ends_with('}')) return std::nullopt;
    return std::string(text.substr(opening.size(), text.size() - opening.size() - 1));
}

json value_at(const json& message, const std::string& pointer) {
    try {
        return message.at(json::json_pointer(pointer));
    } catch (const json::exception&) {
        return nullptr;  // it has no such member or element
    }
}

json parsed(std::string_view text) {
    try {
        return parse(text);
    } catch (const PayloadError& error) {
        throw UsageError(error.what());
    }
}

std::uint64_t count_of(const json& times) {
    if (!times.is_number_unsigned() || times == 0) {
        throw UsageError("\"times\" is no whole number from 1 on");
    }
    return times.get<std::uint64_t>();
}

std::string_view line_of(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

}  // namespace

bool matches(const json& pattern, const json& message) {
    if (!pattern.is_object() || !message.is_object()) return pattern == message;
    for (const auto& [name, value] : pattern.items()) {
        const auto found = message.find(name);
        if (found == message.end() || !matches(value, *found)) return false;
    }
    return true;
}

json fill_in(const json& reply, const json& message) {
    json filled = reply;
    if (reply.is_structured()) {
        for (json& part : filled) part = fill_in(part, message);
    } else if (reply.is_string()) {
        const auto& text = reply.get_ref<const std::string&>();
        if (const auto pointer = pointer_of(text)) return value_at(message, *pointer);
        if (text.starts_with(escaped)) filled = text.substr(1);
    }
    return filled;
}

void check_reply(const json& reply) {
    if (reply.is_structured()) {
        for (const json& part : reply) check_reply(part);
    } else if (reply.is_string()) {
        const auto& text = reply.get_ref<const std::string&>();
        const auto pointer = pointer_of(text);
        if (!pointer) return;
        try {
            json::json_pointer{*pointer};
        } catch (const json::exception&) {
            throw UsageError("\"" + printable(text) + "\" is to be ${/NAME/...}, a JSON Pointer");
        }
    }
}

ReplyRules::ReplyRules(std::string_view text) {
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start != std::string_view::npos && text[start] == '[') {
        json rules = parsed(text);
        for (json& rule : rules) add(rule, 0);
    } else {
        for (std::size_t number = 1; !text.empty(); ++number) {
            const std::string_view line = line_of(text);
            if (blank(line)) continue;
            json rule = option_value("line " + std::to_string(number), line, parsed);
            add(rule, number);
        }
    }
    if (rules_.empty()) throw UsageError("there is no rule");
}

void ReplyRules::add(json& rule, std::size_t line) {
    try {
        rules_.push_back(read(rule));
    } catch (const UsageError& error) {
        const std::string where = line == 0 ? "" : " (line " + std::to_string(line) + ")";
        throw UsageError("rule " + std::to_string(rules_.size() + 1) + where + ": " + error.what());
    }
}

ReplyRules::Rule ReplyRules::read(json& rule) {
    if (!rule.is_object()) throw UsageError("it is no object");
    Rule result;
    for (const auto& [name, value] : rule.items()) {
        if (name == "when") {
            result.when = std::move(value);
        } else if (name == "reply") {
            check_reply(value);
            result.reply = std::move(value);
        } else if (name == "times") {
            result.times = count_of(value);
        } else if (name == "close") {
            if (!value.is_boolean()) throw UsageError("\"close\" is neither true nor false");
            result.close = value.get<bool>();
        } else {
            throw UsageError("\"" + printable(name) +
                             "\" is unknown; there are when, reply, times and close");
        }
    }
    return result;
}

std::optional<ReplyRules::Answer> ReplyRules::answer(const json& message) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        Rule& rule = rules_[i];
        if (rule.when && !matches(*rule.when, message)) continue;
        if (rule.times) {
            const std::scoped_lock lock(mutex_);
            if (*rule.times == 0) continue;
            --*rule.times;
        }
        Answer answer{.rule = i + 1, .reply = {}, .close = rule.close};
        if (rule.reply) answer.reply = fill_in(*rule.reply, message);
        return answer;
    }
    return std::nullopt;
}

}  // namespace jsocket::cli
