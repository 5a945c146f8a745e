// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/framing/frame_reader.hpp>
#include <jsocket/json.hpp>
#include <jsocket/options.hpp>
#include <jsocket/socket/stream.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jsocket {

class MemoryAccount;
class MemoryHold;

/// One connection that carries JSON messages; clients and servers are made of it.
///
/// Threads:  one thread may receive while any number send; messages never interleave.
///           interrupt() and close() may be called from any thread.
/// Errors:   after one whose connection_usable() is false nothing more is received or sent; the
///           peer learns of it by finish(), close() or the destructor.
class JsonSocket {
  public:
    /// Throws UsageError if an option is out of its range. What the connection holds is counted in
    /// `account`, a server's; null if nobody counts.
    JsonSocket(std::unique_ptr<Stream> stream, const SocketOptions& options,
               MemoryAccount* account = nullptr);
    ~JsonSocket();
    JsonSocket(const JsonSocket&) = delete;
    JsonSocket& operator=(const JsonSocket&) = delete;

    /// Has the stream agree with the peer on encryption, if it does that; first of all, if at all.
    /// Throws as Stream::handshake().
    void handshake(Deadline deadline);

    /// The text of the next message, unread; it lives until the next receive. Empty if no whole
    /// message has come by `deadline`: the connection is usable, and a later receive gets it. From
    /// a message's first byte on, recv_timeout and message_deadline hold as well, across calls.
    /// Throws TimeoutError within a message, ConnectionClosed at the peer's end of sending,
    /// ConnectionError (reset), FramingError, MemoryError.
    std::optional<std::string_view> receive(Deadline deadline);

    /// A message that has already arrived whole, without waiting for anything. Throws FramingError
    /// and PayloadError, but sending still works: earlier messages can be answered.
    std::optional<std::string_view> receive_buffered();

    /// Has a message begun, the rest of which has not come? On the receiving thread only.
    bool mid_message() const noexcept { return reader_.mid_message(); }

    /// Sends one message. Throws UsageError with nothing sent; TimeoutError or ConnectionError with
    /// the connection closed.
    void send_obj(const json& message) { send_objs({&message, 1}); }

    /// The same for several in one write.
    void send_objs(std::span<const json> messages);

    /// Sends `payload`, which must be one JSON text and is not checked. Throws as send_obj().
    void send_payload(std::string_view payload);

    /// The same with less time than send_timeout: a peer that takes nothing until `deadline` loses
    /// the connection.
    void send_payload(std::string_view payload, Deadline deadline);

    /// The same for a peer that may only have finished sending, and waits for what it has asked
    /// for.
    void send_late_payload(std::string_view payload);

    /// Puts a message behind those that wait to be sent; flush() sends them, as does the next
    /// send of any kind, and queue_payload() itself once there is enough for a write to be worth
    /// it. Returns whether all of it has been sent.
    bool queue_payload(std::string_view payload);

    /// Sends what waits. Throws as send_obj() for it.
    void flush();

    /// Bytes that are held for receiving, on the receiving thread only.
    std::size_t capacity() const noexcept { return reader_.capacity(); }

    /// Gives back the memory of earlier messages, on the receiving thread only. The latest
    /// message's text ends its life.
    void release_memory();

    /// Makes receive() throw ConnectionClosed, now and from now on. Sending still works.
    void interrupt() noexcept;

    /// Lets the peer read what was sent, then the end of the stream; waits for it to leave too, at
    /// most for `linger` and while nobody interrupts; then still for some 50 ms to deliver it.
    /// Security and courtesy: closing with bytes unread would make TCP throw away replies that are
    /// still on their way.
    void finish(std::chrono::milliseconds linger);

    /// Closes both directions at once. The second call does nothing.
    void close() noexcept;

    /// Not closed by this side and not known to be closed by the other.
    bool connected() const noexcept { return connected_.load(std::memory_order_acquire); }

    /// Has interrupt() or close() been called?
    bool interrupted() const noexcept { return interrupted_.load(std::memory_order_acquire); }

    /// Was the connection closed because a send, in any thread, did not succeed?
    bool write_failed() const noexcept { return write_failed_.load(std::memory_order_acquire); }

    /// As Stream::peer() when the socket was made.
    const std::string& peer() const noexcept { return peer_; }

    /// As Stream::credentials().
    PeerCredentials credentials() const { return stream_->credentials(); }

    /// As given to the constructor.
    const SocketOptions& options() const noexcept { return options_; }

    /// The wire format; Framing::automatic until the peer has sent its first bytes. On the
    /// receiving thread only.
    Framing framing() const noexcept { return reader_.framing(); }

  private:
    struct Waiting;

    std::optional<std::string_view> next_message();
    bool fill(Deadline deadline);
    Deadline end_of_wait();
    bool go_on_waiting();
    bool wait_for_room(Deadline deadline);
    std::optional<std::size_t> read_some(Deadline deadline);
    void require_connected() const;
    void append(std::string_view payload);
    void write_queued(std::chrono::milliseconds timeout);
    void give_back();

    const SocketOptions options_;
    const std::unique_ptr<Stream> stream_;
    const std::string peer_;
    MemoryAccount* const account_;  // or null

    std::atomic<bool> connected_{true};
    std::atomic<bool> closed_{false};  // for sending, too
    std::atomic<bool> interrupted_{false};
    std::atomic<bool> write_failed_{false};

    // The receiving thread's.
    framing::FrameReader reader_;
    const std::unique_ptr<Waiting> waiting_;

    // Guarded by write_mutex_.
    std::mutex write_mutex_;
    std::unique_ptr<framing::Codec> encoder_;
    std::string queued_;                         // whole messages, headers included
    const std::unique_ptr<MemoryHold> sending_;  // queued_
};

}  // namespace jsocket
