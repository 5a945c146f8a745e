// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace peers {

/// An IPv4 address and a port, as in 127.0.0.1:5489.
struct Address {
    std::string host;
    std::uint16_t port = 0;
};

/// Throws std::invalid_argument if `text` is not one.
Address parse_address(std::string_view text);

/// The message handler of every server here, as programs usually have it: a document in, a document
/// out, both by value.
inline nlohmann::json handle(nlohmann::json message) { return message; }

/// What a server replies to `text`. Throws nlohmann's parse_error if it is not JSON.
inline std::string answer(std::string_view text) {
    return handle(nlohmann::json::parse(text)).dump();
}

/// The main function of a server: reads `option`, such as "--bind 127.0.0.1:0", and calls `serve`.
/// SIGTERM and SIGINT end the process with exit code 0, wherever it is. An exception ends it
/// with 1.
int run(int argc, char** argv, std::string_view option, void (*serve)(const Address&));

/// Says on stdout that requests are answered from now on.
void announce(const std::string& host, unsigned port);

/// A port nobody listens on just now, for libraries that cannot tell which one they chose.
std::uint16_t free_port(const std::string& host);

}  // namespace peers
