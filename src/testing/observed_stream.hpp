// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/mutex.hpp"
#include "testing/message_finder.hpp"

#include <jsocket/socket/stream.hpp>
#include <jsocket/testing/fault_proxy.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace jsocket::testing {

/// A Stream that tells what passes through another one: messages, bytes that are none, and the ends
/// of both directions.
///
/// What is written is told of before it is: whoever has read it finds it in a transcript, and what
/// was sent in return comes behind it there.
///
/// Threads:  as Stream says. `observe` is called from one thread at a time, with what happened on
///           this stream; connection and time are left out.
class ObservedStream : public Stream {
  public:
    using Observe = std::function<void(const ProxyEvent&)>;

    /// `reads`: the direction of what is read. `observe` must not throw.
    ObservedStream(std::unique_ptr<Stream> stream, Direction reads, Framing framing,
                   Observe observe);
    ~ObservedStream() override;

    void handshake(Deadline deadline) override { stream_->handshake(deadline); }
    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override;
    std::uint64_t received() const override { return stream_->received(); }
    void write_all(std::string_view bytes, Pace pace) override;
    void interrupt() noexcept override;
    void await_delivery(std::chrono::milliseconds timeout) noexcept override {
        stream_->await_delivery(timeout);
    }
    void finish_writing() noexcept override;
    void shutdown() noexcept override;
    void acknowledge_now() noexcept override { stream_->acknowledge_now(); }
    std::string peer() const override { return stream_->peer(); }
    PeerCredentials credentials() const override { return stream_->credentials(); }

  private:
    struct Lane {
        Direction direction;
        MessageFinder finder;
        bool ended = false;
    };

    void passed(Lane& lane, std::string_view bytes) JSOCKET_REQUIRES(mutex_);
    void end(Lane& lane) JSOCKET_REQUIRES(mutex_);
    void tell(const Lane& lane, ProxyEvent::Kind kind, std::string_view bytes);

    const std::unique_ptr<Stream> stream_;
    const Observe observe_;

    Mutex mutex_;
    Lane in_ JSOCKET_GUARDED_BY(mutex_);
    Lane out_ JSOCKET_GUARDED_BY(mutex_);
    bool interrupted_ JSOCKET_GUARDED_BY(mutex_) = false;
};

}  // namespace jsocket::testing
