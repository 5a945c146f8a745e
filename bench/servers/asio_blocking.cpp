// SPDX-License-Identifier: Apache-2.0
//
// An echo server as one is usually written with Asio and nlohmann: a thread for each connection,
// and calls that wait.
#include "servers/asio_echo.hpp"

#include <thread>
#include <utility>

namespace {

using asio::ip::tcp;
using namespace jsocket::bench;

void serve_client(tcp::socket socket) {
    try {
        socket.set_option(tcp::no_delay(true));
        Header header{};
        std::string text;
        while (true) {
            asio::read(socket, asio::buffer(header));
            text.resize(length_of(header));
            asio::read(socket, asio::buffer(text));
            const std::string reply = answer(text);
            const Header reply_header = header_of(reply);
            asio::write(socket, std::array{asio::buffer(reply_header), asio::buffer(reply)});
        }
    } catch (const asio::system_error& error) {
        if (!client_left(error.code())) std::cerr << "asio_blocking: " << error.what() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "asio_blocking: " << error.what() << '\n';
    }
}

void serve(asio::io_context&, tcp::acceptor acceptor) {
    while (true) std::thread(serve_client, acceptor.accept()).detach();
}

}  // namespace

int main(int argc, char** argv) { return run_server(argc, argv, serve); }
