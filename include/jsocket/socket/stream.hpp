// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/deadline.hpp>
#include <jsocket/endpoint.hpp>
#include <jsocket/peer_credentials.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace jsocket {

/// How long a write may wait for a peer that takes its time.
struct Pace {
    /// `least` is 0 if a byte now and then is enough. Not explicit: a time-out is a pace.
    template <typename Rep, typename Period>
    // cppcheck-suppress noExplicitConstructor
    Pace(std::chrono::duration<Rep, Period> longest_wait, std::size_t least = 0)
        : timeout(longest_wait), rate(least) {}

    std::chrono::milliseconds timeout;  ///< while it takes nothing, or less than `rate`
    std::size_t rate;                   ///< bytes a second
};

/// Bytes in both directions, with deadlines: a TCP or UNIX-domain socket, or what a test puts in
/// its place.
///
/// Threads:  one thread may read while another writes; interrupt() may be called from any.
/// Errors:   ConnectionError with the operating system's code; the stream is of no use then.
class Stream {
  public:
    virtual ~Stream() = default;

    /// Agrees with the peer on what has to be agreed on before anything is read or written, such as
    /// encryption; to be called first, and once. Throws TimeoutError at the deadline, TlsError, and
    /// ConnectionError.
    virtual void handshake(Deadline) {}

    /// Waits for bytes and reads what is there, at least one byte and at most `space`. Returns 0 at
    /// the end of the stream: the peer has finished sending, or interrupt() was called. Returns
    /// nothing when the deadline passes first.
    virtual std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) = 0;

    /// How many bytes have come in all, where they may have come without read_some() giving any
    /// out, such as half an encrypted record. On the reading thread only.
    virtual std::uint64_t received() const { return 0; }

    /// Writes all of `bytes`. Throws TimeoutError if the peer takes none for as long as `pace`
    /// says, or too few of them; what was written until then is written.
    virtual void write_all(std::string_view bytes, Pace pace) = 0;

    /// Writes as many of `bytes` as the peer takes without being waited for, and returns how many.
    /// The definition here waits for all of them, for streams that never wait long.
    virtual std::size_t write_some(std::string_view bytes) {
        write_all(bytes, no_timeout);
        return bytes.size();
    }

    /// How many bytes write_some() has taken, but not the peer, such as the rest of an encrypted
    /// record. They leave with the next write of any kind, also one of nothing.
    virtual std::size_t unsent() const { return 0; }

    /// What poll(2) is to wait on until write_some() takes more; -1 if there is no such thing.
    virtual int descriptor() const noexcept { return -1; }

    /// Ends reading, now and from now on, in whichever thread: read_some() returns 0. Bytes that
    /// have been written still arrive.
    virtual void interrupt() noexcept = 0;

    /// Waits, for `timeout` at most, until the peer's system has what was written, if closing
    /// before would make it throw that away: TCP does so when a peer is still sending. Does nothing
    /// where there is no such danger.
    virtual void await_delivery(std::chrono::milliseconds) noexcept {}

    /// Finishes sending: the peer reads what was written and then the end of the stream.
    virtual void finish_writing() noexcept = 0;

    /// Ends both directions at once, in whichever thread; a write that waits throws.
    virtual void shutdown() noexcept = 0;

    /// Asks for what has been received to be acknowledged without delay (TCP_QUICKACK), for a peer
    /// that writes a header, and its payload only after the header is acknowledged. Does nothing
    /// where there are no acknowledgements.
    virtual void acknowledge_now() noexcept {}

    /// The other end: "127.0.0.1:40312", "[::1]:40312", "unix:PATH"; "unknown" if it has no name.
    virtual std::string peer() const = 0;

    /// Who that is, after handshake().
    virtual PeerCredentials credentials() const { return {}; }
};

/// Connects to `endpoint`, trying each address its name has. `deadline` covers looking up the name,
/// too. Throws TimeoutError, or ConnectError with the last address's error; ConnectionClosed if
/// `cancel` is raised first.
std::unique_ptr<Stream> connect_stream(const Endpoint& endpoint, Deadline deadline,
                                       const Interrupt* cancel = nullptr);

}  // namespace jsocket
