// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "servers/listen.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <asio.hpp>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

namespace jsocket::bench {

// What both servers with Asio have in common: the message handler as most people write one, which
// takes a document and returns one by value, and the usual way to text and back.

inline nlohmann::json process(nlohmann::json message) { return message; }

inline std::string answer(std::string_view text) {
    return process(nlohmann::json::parse(text)).dump();
}

/// A length as the protocol has it, in network byte order.
using Header = std::array<unsigned char, 4>;

inline std::uint32_t length_of(const Header& header) {
    return std::uint32_t{header[0]} << 24 | std::uint32_t{header[1]} << 16 |
           std::uint32_t{header[2]} << 8 | std::uint32_t{header[3]};
}

inline Header header_of(const std::string& text) {
    const auto length = static_cast<std::uint32_t>(text.size());
    return {static_cast<unsigned char>(length >> 24), static_cast<unsigned char>(length >> 16),
            static_cast<unsigned char>(length >> 8), static_cast<unsigned char>(length)};
}

/// Whether an error only says that the client left.
inline bool client_left(const asio::error_code& code) {
    return code == asio::error::eof || code == asio::error::connection_reset ||
           code == asio::error::broken_pipe;
}

/// The main function: `NAME [--bind 127.0.0.1:PORT]`.
inline int run_server(int argc, char** argv,
                      void (*serve)(asio::io_context&, asio::ip::tcp::acceptor)) {
    const bool bind = argc == 3 && std::string_view(argv[1]) == "--bind";
    if (argc != 1 && !bind) {
        std::cerr << "usage: " << argv[0] << " [--bind 127.0.0.1:PORT]\n";
        return 2;
    }
    try {
        asio::io_context context(1);
        const int fd = listen_on(bind ? argv[2] : "127.0.0.1:0");
        asio::ip::tcp::acceptor acceptor(context, asio::ip::tcp::v4(), fd);
        announce(fd);
        serve(context, std::move(acceptor));
        return 0;
    } catch (const std::exception& error) {
        std::cerr << argv[0] << ": " << error.what() << '\n';
        return 1;
    }
}

}  // namespace jsocket::bench
