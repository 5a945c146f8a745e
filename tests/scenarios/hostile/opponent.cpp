// SPDX-License-Identifier: Apache-2.0
#include "scenarios/hostile/opponent.hpp"

#include "support/wait.hpp"

#include <jsocket/error.hpp>
#include <jsocket/socket/stream.hpp>

#include <stdexcept>

namespace test_support {
namespace {

constexpr std::string_view fence = R"("fence")";

jsocket::SocketOptions options_of(jsocket::Framing framing) {
    jsocket::SocketOptions options;
    options.framing = framing;
    options.limits.max_message_size = 64 * 1024 * 1024;
    options.recv_timeout = patience;
    return options;
}

}  // namespace

Opponent::Opponent(std::uint16_t port, jsocket::Framing framing)
    : framing_(framing), port_(port), stop_(std::make_unique<jsocket::Interrupt>()) {}

Opponent Opponent::client(std::uint16_t port, jsocket::Framing framing) { return {port, framing}; }

Opponent Opponent::server(jsocket::Framing framing) {
    Opponent server(0, framing);
    server.listener_ = std::make_unique<jsocket::Listener>(
        jsocket::Endpoint{.address = "127.0.0.1"}, *server.stop_);
    server.port_ = server.listener_->endpoint().port;
    return server;
}

jsocket::JsonSocket& Opponent::socket() {
    if (socket_) return *socket_;
    const jsocket::Deadline deadline = jsocket::deadline_after(patience);
    std::unique_ptr<jsocket::Stream> stream =
        listener_ ? listener_->accept(deadline)
                  : jsocket::connect_stream({.address = "127.0.0.1", .port = port_}, deadline);
    if (!stream) throw std::runtime_error("opponent: nobody has connected");
    socket_ = std::make_unique<jsocket::JsonSocket>(std::move(stream), options_of(framing_));
    return *socket_;
}

std::string_view Opponent::receive() {
    const auto text = socket().receive(jsocket::deadline_after(patience));
    if (!text) throw std::runtime_error("opponent: no reply came");
    return *text;
}

template <typename Exchange>
bool Opponent::attempt(const Exchange& exchange) {
    try {
        exchange();
        return true;
    } catch (const jsocket::ConnectError&) {
        throw;  // the other side has gone
    } catch (const jsocket::ConnectionError&) {
        socket_.reset();
        return false;
    }
}

bool Opponent::converse(std::string_view text) {
    return attempt([&] {
        socket().send_payload(text);
        receive();
    });
}

bool Opponent::converse_rpc(std::string_view text) {
    return attempt([&] {
        socket().send_payload(text);
        socket().send_payload(R"({"jsonrpc":"2.0","method":"rpc.health","id":"fence"})");
        while (receive().find(fence) == std::string_view::npos) continue;
    });
}

std::string call_text(std::string_view method, std::string_view params, std::size_t id) {
    std::string text = R"({"jsonrpc":"2.0","method":")";
    text.append(method) += '"';
    if (!params.empty()) text.append(",\"params\":").append(params);
    return text + ",\"id\":" + std::to_string(id) + '}';
}

std::string batch_text(std::string_view method, std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += ',';
        text += call_text(method, "", i);
    }
    return text + ']';
}

}  // namespace test_support
