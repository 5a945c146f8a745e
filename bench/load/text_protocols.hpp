// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/binary_protocols.hpp"
#include "load/protocol.hpp"

namespace jsocket::bench {

/// JSON-RPC 1.0, a line each, as Go's net/rpc/jsonrpc writes its replies.
class LinesProtocol : public Protocol {
  public:
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;
};

/// The command ECHO.
class RedisProtocol : public Protocol {
  public:
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;
};

/// Publishes to "echo"; the reply comes to the inbox this connection has subscribed to.
class NatsProtocol : public Protocol {
  public:
    void greet(int fd) override;
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;

  private:
    std::string inbox_;
};

/// JSON-RPC 2.0, each message behind its length.
class RpcProtocol : public PrefixProtocol {
  public:
    std::string request(std::string_view payload) const override;
    std::string document(std::string_view reply) const override;
};

/// JSON-RPC 2.0 over HTTP/1.1 with connections that are kept.
class HttpProtocol : public Protocol {
  public:
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;
};

}  // namespace jsocket::bench
