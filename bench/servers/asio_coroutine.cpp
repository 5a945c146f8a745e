// SPDX-License-Identifier: Apache-2.0
//
// An echo server as one is usually written with Asio's coroutines and nlohmann: one thread for all
// connections.
#include "servers/asio_echo.hpp"

#include <utility>

namespace {

using asio::use_awaitable;
using asio::ip::tcp;
using namespace jsocket::bench;

asio::awaitable<void> serve_client(tcp::socket socket) {
    try {
        socket.set_option(tcp::no_delay(true));
        Header header{};
        std::string text;
        while (true) {
            co_await asio::async_read(socket, asio::buffer(header), use_awaitable);
            text.resize(length_of(header));
            co_await asio::async_read(socket, asio::buffer(text), use_awaitable);
            const std::string reply = answer(text);
            const Header reply_header = header_of(reply);
            const std::array buffers{asio::buffer(reply_header), asio::buffer(reply)};
            co_await asio::async_write(socket, buffers, use_awaitable);
        }
    } catch (const asio::system_error& error) {
        if (!client_left(error.code())) std::cerr << "asio_coroutine: " << error.what() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "asio_coroutine: " << error.what() << '\n';
    }
}

asio::awaitable<void> accept_clients(tcp::acceptor& acceptor) {
    while (true) {
        tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
        asio::co_spawn(acceptor.get_executor(), serve_client(std::move(socket)), asio::detached);
    }
}

void serve(asio::io_context& context, tcp::acceptor acceptor) {
    asio::co_spawn(context, accept_clients(acceptor), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
    });
    context.run();
}

}  // namespace

int main(int argc, char** argv) { return run_server(argc, argv, serve); }
