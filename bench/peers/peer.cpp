// SPDX-License-Identifier: Apache-2.0
#include "peers/peer.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace peers {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Address parse_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos) {
        Address address{std::string(text.substr(0, colon)), 0};
        const char* end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, address.port);
        in_addr parsed{};
        if (error == std::errc() && rest == end &&
            inet_pton(AF_INET, address.host.c_str(), &parsed) == 1) {
            return address;
        }
    }
    throw std::invalid_argument("not an address like 127.0.0.1:5489: " + std::string(text));
}

int run(int argc, char** argv, std::string_view option, void (*serve)(const Address&)) {
    if (argc != 3 || argv[1] != option) {
        std::cerr << "usage: " << argv[0] << ' ' << option << " 127.0.0.1:PORT\n";
        return 2;
    }
    // There is nothing to finish or to save, and each library would want to be stopped in its own
    // way.
    for (const int signal : {SIGTERM, SIGINT}) std::signal(signal, [](int) { std::_Exit(0); });
    try {
        serve(parse_address(argv[2]));
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 1;
    }
    return 0;
}

void announce(const std::string& host, unsigned port) {
    std::cout << "listening on " << host << ':' << port << std::endl;
}

std::uint16_t free_port(const std::string& host) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    socklen_t size = sizeof address;
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
    close(fd);
    return ntohs(address.sin_port);
}

}  // namespace peers
