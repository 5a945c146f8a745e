// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

/// Everything that can go wrong, sorted by what the caller does next.
///
///     Error
///     |- UsageError              fix the call; nothing was sent                 connection usable
///     |  `- MessageTooLarge      send less, or raise Limits::max_message_size   connection usable
///     |- TimeoutError            wait again, if connection_usable()
///     |- ConnectionError         connect again                                  not usable
///     |  |- ConnectError         (or give up: see code() and attempts())
///     |  |- ConnectionClosed
///     |  `- TlsError             (certificates, or bytes that are no TLS)
///     |- MemoryError             (servers) the client holds too much memory     not usable
///     `- ProtocolError           what the peer sent is not a message            not usable
///        |- FramingError         its bytes do not follow the wire format
///        `- PayloadError         its text is not JSON, or beyond a limit
///
/// A handler that catches Error and asks connection_usable() is complete. What is expected, such as
/// no message within a time, is an empty std::optional and no exception.
namespace jsocket {

/// The base of all that this library throws, but for std::bad_alloc.
class Error : public std::runtime_error {
  public:
    /// `what` is one line, fit for a log.
    explicit Error(const std::string& what, bool connection_usable = false)
        : std::runtime_error(what), connection_usable_(connection_usable) {}

    /// Can the connection this happened on carry another message? If not, it is closed already.
    bool connection_usable() const noexcept { return connection_usable_; }

  private:
    bool connection_usable_;
};

/// A documented precondition was broken; nothing was sent.
class UsageError : public Error {
  public:
    /// `what` says which rule, and how to keep it.
    explicit UsageError(const std::string& what) : Error(what, true) {}
};

/// A message to be sent is over Limits::max_message_size; not one byte of it was sent.
class MessageTooLarge : public UsageError {
  public:
    /// In bytes of JSON text.
    MessageTooLarge(std::size_t size, std::size_t limit);

    /// What the message has.
    std::size_t size() const noexcept { return size_; }

    /// What it may have.
    std::size_t limit() const noexcept { return limit_; }

  private:
    std::size_t size_;
    std::size_t limit_;
};

/// Something took longer than its time-out. The connection is usable if no byte of a message had
/// moved, and closed otherwise, since what follows could not be told from the rest of that message.
class TimeoutError : public Error {
  public:
    using Error::Error;
};

/// The connection is gone, or never was.
class ConnectionError : public Error {
  public:
    /// `code` is errno as a std::error_code, if it was the system that refused.
    explicit ConnectionError(const std::string& what, std::error_code code = {})
        : Error(what), code_(code) {}

    /// What the operating system said; empty if the peer just closed.
    std::error_code code() const noexcept { return code_; }

  private:
    std::error_code code_;
};

/// A connection could not be made, or a server's address not be bound.
class ConnectError : public ConnectionError {
  public:
    /// `attempts` is how often it was tried, of a RetryPolicy.
    ConnectError(const std::string& what, std::error_code code, std::string endpoint,
                 int attempts = 1)
        : ConnectionError(what, code), endpoint_(std::move(endpoint)), attempts_(attempts) {}

    /// Where to: "127.0.0.1:5489", "[::1]:5489", "unix:/run/echo".
    const std::string& endpoint() const noexcept { return endpoint_; }

    /// How often it was tried, the last time included.
    int attempts() const noexcept { return attempts_; }

  private:
    std::string endpoint_;
    int attempts_;
};

/// The peer has closed the connection, or this side had.
class ConnectionClosed : public ConnectionError {
  public:
    /// `code` is what the system said, if it said more than that the stream has ended.
    ConnectionClosed(const std::string& what, bool mid_message, std::error_code code = {})
        : ConnectionError(what, code), mid_message_(mid_message) {}

    /// Did it leave in the middle of a message?
    bool mid_message() const noexcept { return mid_message_; }

  private:
    bool mid_message_;
};

/// TLS did not come about, or broke: no certificate, one that is not accepted, no TLS at all.
class TlsError : public ConnectionError {
  public:
    /// `what` says what OpenSSL has against it.
    explicit TlsError(const std::string& what) : ConnectionError(what) {}
};

/// A server's connections hold more than ServerOptions::memory_budget, and this one holds most.
class MemoryError : public Error {
  public:
    /// `what` says how much that is.
    explicit MemoryError(const std::string& what) : Error(what) {}
};

/// What arrived is not a message.
class ProtocolError : public Error {
  public:
    /// Unless `connection_usable`, nothing more can be read from that peer.
    explicit ProtocolError(const std::string& what, bool connection_usable = false)
        : Error(what, connection_usable) {}
};

/// The bytes do not follow the wire format (docs/framing.md).
class FramingError : public ProtocolError {
  public:
    /// Counted by servers under the Failure of the same meaning.
    enum class Kind {
        bad_header,    ///< the bytes begin no message
        bad_checksum,  ///< the payload is not the one that was sent
        oversize,      ///< longer than Limits::max_message_size
    };

    /// `what` shows at most a few escaped bytes of what came.
    FramingError(Kind kind, const std::string& what) : ProtocolError(what), kind_(kind) {}

    /// What is wrong with them.
    Kind kind() const noexcept { return kind_; }

  private:
    Kind kind_;
};

/// The text of a message is not strict JSON (RFC 8259), or is beyond a limit (limits.hpp).
class PayloadError : public ProtocolError {
  public:
    /// Counted by servers under the Failure of the same name.
    enum class Kind {
        invalid_utf8,  ///< no UTF-8, wherever in the text
        invalid_json,  ///< against the grammar, or a number no tree can hold
        too_deep,      ///< beyond Limits::max_depth
        too_complex,   ///< beyond Limits::max_elements
    };

    /// `what` shows at most a few escaped bytes of the text.
    PayloadError(Kind kind, const std::string& what) : ProtocolError(what), kind_(kind) {}

    /// What is wrong with it.
    Kind kind() const noexcept { return kind_; }

  private:
    Kind kind_;
};

}  // namespace jsocket
