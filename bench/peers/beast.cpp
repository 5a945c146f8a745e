// SPDX-License-Identifier: Apache-2.0
//
// An echo server of WebSocket messages with Boost.Beast: blocking, a thread for each connection.
#include "peers/peer.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <exception>
#include <iostream>
#include <thread>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;

void serve_client(tcp::socket socket) {
    try {
        socket.set_option(tcp::no_delay(true));
        websocket::stream<tcp::socket> stream(std::move(socket));
        stream.auto_fragment(false);  // else each 4 KiB would be written on its own
        stream.accept();
        beast::flat_buffer buffer;
        for (;;) {
            stream.read(buffer);
            const asio::const_buffer request = buffer.data();
            const std::string reply =
                peers::answer({static_cast<const char*>(request.data()), request.size()});
            buffer.consume(buffer.size());
            stream.text(stream.got_text());
            stream.write(asio::buffer(reply));
        }
    } catch (const beast::system_error&) {
        // The client has left.
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
    }
}

void serve(const peers::Address& address) {
    asio::io_context context{1};
    tcp::acceptor acceptor(context, {asio::ip::make_address(address.host), address.port});
    peers::announce(address.host, acceptor.local_endpoint().port());
    for (;;) std::thread(serve_client, acceptor.accept()).detach();
}

}  // namespace

int main(int argc, char** argv) { return peers::run(argc, argv, "--bind", serve); }
