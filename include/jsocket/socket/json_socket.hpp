// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/framing/frame_reader.hpp>
#include <jsocket/json.hpp>
#include <jsocket/options.hpp>
#include <jsocket/socket/stream.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jsocket {

class MemoryAccount;
class Reactor;

/// One connection that carries JSON messages; clients and servers are made of it.
///
/// Threads:  one thread may receive while any number send; messages never interleave.
///           interrupt() and close() may be called from any thread.
/// Errors:   after one whose connection_usable() is false nothing more is received or sent; the
///           peer learns of it by finish(), close() or the destructor.
class JsonSocket {
  public:
    /// Throws UsageError if an option is out of its range. What the connection holds is counted in
    /// `account`, a server's; null if nobody counts. `reactor` sends late payloads; null if whoever
    /// sends them is to wait.
    JsonSocket(std::unique_ptr<Stream> stream, const SocketOptions& options,
               MemoryAccount* account = nullptr, std::shared_ptr<Reactor> reactor = nullptr);
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

    /// Sends a message without waiting for the peer, nor for a thread that does; also to one that
    /// has only finished sending. The rest leaves when the peer makes room; one that takes nothing,
    /// or less than min_send_rate, for send_timeout is disconnected. `sent` is called once, by any
    /// thread, without locks held: the message has left, or never will. It must not throw, and may
    /// be empty. Throws UsageError, with `sent` not called.
    void send_late_payload(std::string_view payload, std::function<void(bool left)> sent);

    /// Late payloads that have not left and never will.
    struct Lost {
        std::uint64_t payloads = 0;  ///< how many
        std::uint64_t bytes = 0;     ///< of their texts
    };

    /// Those of this connection so far.
    Lost lost() const noexcept;

    /// Puts a message behind those that wait to be sent; flush() sends them, as does the next
    /// send of any kind, and queue_payload() itself once there is enough for a write to be worth
    /// it. Returns whether all of it has been sent.
    bool queue_payload(std::string_view payload);

    /// Sends what queue_payload() has put there. Throws as send_obj() for it.
    void flush();

    /// The same with late payloads, and waits until they have left.
    void drain();

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
    class Outbox;
    struct Waiting;

    std::optional<std::string_view> next_message();
    bool fill(Deadline deadline);
    Deadline end_of_wait();
    bool go_on_waiting();
    bool wait_for_room(Deadline deadline);
    std::optional<std::size_t> read_some(Deadline deadline);

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

    const std::unique_ptr<Outbox> outbox_;  // after stream_, which it writes to
};

}  // namespace jsocket
