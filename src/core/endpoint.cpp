// SPDX-License-Identifier: Apache-2.0
#include <jsocket/endpoint.hpp>
#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <charconv>

namespace jsocket {
namespace {

constexpr std::string_view unix_scheme = "unix:";
constexpr std::string_view systemd_scheme = "systemd:";
constexpr std::size_t longest_systemd_name = 255;  // sd_listen_fds(3)

[[noreturn]] void refuse(std::string_view text, const char* reason) {
    throw UsageError("\"" + printable(text) + "\" is no endpoint: " + reason +
                     "; expected HOST:PORT, [IPV6]:PORT or unix:PATH");
}

/// What follows `scheme`, if `address` begins with it.
std::optional<std::string_view> after(std::string_view scheme, std::string_view address) {
    if (!address.starts_with(scheme)) return std::nullopt;
    return address.substr(scheme.size());
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

std::uint16_t parse_port(std::string_view text, std::string_view digits) {
    std::uint16_t port = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, port);
    if (digits.empty() || stop != end || error != std::errc()) {
        refuse(text, "the port is not a number from 0 to 65535");
    }
    return port;
}

}  // namespace

std::optional<std::string_view> Endpoint::unix_path() const { return after(unix_scheme, address); }

std::optional<std::string_view> Endpoint::systemd_name() const {
    return after(systemd_scheme, address);
}

std::string to_string(const Endpoint& endpoint) {
    if (endpoint.unix_path() || endpoint.systemd_name()) return endpoint.address;
    const bool ipv6 = endpoint.address.find(':') != std::string::npos;
    return (ipv6 ? '[' + endpoint.address + ']' : endpoint.address) + ':' +
           std::to_string(endpoint.port);
}

Endpoint parse_endpoint(std::string_view text) {
    if (std::any_of(text.begin(), text.end(), is_control))
        refuse(text, "it has control characters");
    Endpoint endpoint{.address = std::string(text), .port = 0};
    if (const auto path = endpoint.unix_path()) {
        if (path->empty()) refuse(text, "the path is empty");
        return endpoint;
    }
    if (const auto name = endpoint.systemd_name()) {
        if (name->find(':') != std::string_view::npos) refuse(text, "the name has a colon");
        if (name->size() > longest_systemd_name) refuse(text, "the name is too long");
        return endpoint;
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']')) refuse(text, "the port is missing");
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find_first_of(":[]") != std::string_view::npos) {
        refuse(text, "an IPv6 address needs brackets around it");
    }
    if (host.empty()) refuse(text, "the host is missing");
    if (host == "*") refuse(text, "all addresses are written 0.0.0.0 or [::]");
    endpoint.address = host;
    endpoint.port = parse_port(text, text.substr(colon + 1));
    return endpoint;
}

}  // namespace jsocket
