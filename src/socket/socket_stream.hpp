// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/socket/stream.hpp>

#include <atomic>
#include <string>

namespace jsocket {

/// A connected TCP or UNIX-domain socket.
class SocketStream : public Stream {
  public:
    enum class Kind { tcp, unix_domain };

    /// Owns `fd`, a blocking socket. Once `stop` (may be null) is raised, a peer that does not read
    /// holds up writing no longer than a moment.
    SocketStream(int fd, Kind kind, std::string peer, const Interrupt* stop);
    ~SocketStream() override;
    SocketStream(const SocketStream&) = delete;
    SocketStream& operator=(const SocketStream&) = delete;

    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override;
    void write_all(std::string_view bytes, Pace pace) override;
    std::size_t write_some(std::string_view bytes) override;
    int descriptor() const noexcept override { return fd_; }
    void interrupt() noexcept override;
    void await_delivery(std::chrono::milliseconds timeout) noexcept override;
    void finish_writing() noexcept override;
    void shutdown() noexcept override;
    void acknowledge_now() noexcept override;
    std::string peer() const override { return peer_; }
    PeerCredentials credentials() const override;

    /// For what Stream has no words for; still owned by the stream.
    int fd() const noexcept { return fd_; }

  private:
    void wait_for_room(Deadline deadline);
    [[noreturn]] void fail(int error) const;

    const int fd_;
    const Kind kind_;
    const std::string peer_;
    const Interrupt* const stop_;
    std::atomic<bool> interrupted_{false};
    Deadline last_moment_ =
        no_deadline;  // the writing thread's: for all writes, once stop_ is raised
};

}  // namespace jsocket
