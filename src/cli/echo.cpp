// SPDX-License-Identifier: Apache-2.0
#include "cli/echo.hpp"

#include "cli/json_members.hpp"
#include "server/identity.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

namespace jsocket::cli {

namespace {

/// A value as a tree; as a string of its text if it holds a number that no tree can.
json value_of(std::string_view text) {
    try {
        return parse(text);
    } catch (const PayloadError&) {
        return std::string(text);
    }
}

}  // namespace

std::optional<std::string> client_name(std::string_view text) {
    // Names may be written with escapes; all others contain these letters.
    constexpr auto npos = std::string_view::npos;
    if (text.find("client") == npos && text.find("\\u") == npos) return std::nullopt;

    json found = json::object();
    for_each_member(text, [&found](std::string_view name, std::string_view value) {
        if (name == "\"client\"" || name == "\"client_id\"" || name.find('\\') != npos) {
            found[value_of(name).get<std::string>()] = value_of(value);
        }
    });
    return identity_of(found);
}

void Echo::process_payload(std::string_view payload, std::string& reply) {
    if (hook_ == Hook::message) return ServerFactoryThread::process_payload(payload, reply);
    validate(payload, limits_);
    if (const std::optional<std::string> name = client_name(payload)) identify(*name);
    reply = payload;
}

}  // namespace jsocket::cli
