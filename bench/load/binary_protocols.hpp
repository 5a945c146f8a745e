// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "load/protocol.hpp"

namespace jsocket::bench {

/// 4 bytes of length and the payload: jsocket's own `prefix`.
class PrefixProtocol : public Protocol {
  public:
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;
};

/// A masked text message each. Replies may come in fragments, and between control frames.
class WebSocketProtocol : public Protocol {
  public:
    void greet(int fd) override;
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;
};

/// ZMTP 3.0 as a REQ socket speaks it: an empty frame, which is the envelope, and the payload.
class ZmtpProtocol : public Protocol {
  public:
    void greet(int fd) override;
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;
};

/// REQ over SP's mapping to TCP: 8 bytes of length, a request id of 4, and the payload.
class SpProtocol : public Protocol {
  public:
    void greet(int fd) override;
    std::string request(std::string_view payload) const override;
    std::size_t reply_size(std::string_view bytes) const override;
    std::string document(std::string_view reply) const override;
};

}  // namespace jsocket::bench
