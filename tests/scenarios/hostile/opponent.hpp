// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scenarios/hostile/traffic.hpp"

#include <jsocket/options.hpp>
#include <jsocket/socket/interrupt.hpp>
#include <jsocket/socket/json_socket.hpp>
#include <jsocket/socket/listener.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace test_support {

/// Whoever attacks a server, or a client. It sends texts as they are, valid or not, and when it has
/// been cut off it goes on with another connection.
class Opponent {
  public:
    /// Connects to a server.
    static Opponent client(std::uint16_t port, jsocket::Framing framing);

    /// Listens at port() for a client.
    static Opponent server(jsocket::Framing framing);

    std::uint16_t port() const { return port_; }
    jsocket::Framing framing() const { return framing_; }

    /// Sends a text and reads the reply. False if the connection ended instead.
    bool converse(std::string_view text);

    /// The same with JSON-RPC, where a text need not have a reply: sends a call behind it, and
    /// reads until that has been answered.
    bool converse_rpc(std::string_view text);

  private:
    Opponent(std::uint16_t port, jsocket::Framing framing);

    jsocket::JsonSocket& socket();
    template <typename Exchange>
    bool attempt(const Exchange& exchange);
    std::string_view receive();

    jsocket::Framing framing_;
    std::uint16_t port_;
    std::unique_ptr<jsocket::Interrupt> stop_;
    std::unique_ptr<jsocket::Listener> listener_;  // of a server
    std::unique_ptr<jsocket::JsonSocket> socket_;
};

/// A request that calls `method`; `params` is a JSON text.
std::string call_text(std::string_view method, std::string_view params, std::size_t id);

/// A batch of so many requests without parameters.
std::string batch_text(std::string_view method, std::size_t count);

}  // namespace test_support
