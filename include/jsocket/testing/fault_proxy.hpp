// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/limits.hpp>
#include <jsocket/options.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket::testing {

/// Which way bytes go.
enum class Direction {
    up,    ///< from the client to the server
    down,  ///< back
};

/// What becomes of the bytes of one direction of each connection; by default they pass as they
/// come. Several faults may be asked for at once. What is counted begins with the first byte, or
/// that of `message`, header included, and does not happen if the stream or the message has less.
struct LinkFaults {
    /// How much later than it came a byte goes on.
    std::chrono::milliseconds delay = std::chrono::milliseconds::zero();

    /// At most so many bytes per second; 0 for any number.
    std::size_t trickle = 0;

    /// At most so many bytes with one write; 0 for any number.
    std::size_t chunk = 0;

    /// After so many bytes both sides find the end of the stream, as if the other one had closed.
    std::optional<std::uint64_t> cut_after = {};

    /// After so many bytes both connections are reset (TCP); those of UNIX-domain sockets end.
    std::optional<std::uint64_t> reset_after = {};

    /// Which bit is turned over: bit 0 is the lowest of the first byte, bit 8 of the second.
    std::optional<std::uint64_t> flip_bit = {};

    /// All of the above is for this message alone, the first of a direction being 1; 0 for the
    /// whole stream. What follows the last message and is none counts as one.
    std::uint64_t message = 0;
};

/// Something that a proxy has seen, before any fault.
struct ProxyEvent {
    /// What it was.
    enum class Kind {
        connect,  ///< the server has been reached
        message,  ///< a whole one has come
        bytes,    ///< these are no message, or only part of one
        finish,   ///< a side has finished sending
        close,    ///< nothing more passes
    };

    Kind kind{};                        ///< says which of the others mean something
    std::uint64_t connection = 0;       ///< 1 is the first to be accepted
    std::chrono::nanoseconds time{};    ///< since the proxy was made
    Direction direction{};              ///< of message, bytes and finish
    Framing framing = Framing::prefix;  ///< of a message
    std::string_view bytes{};           ///< the text of a message, or what is none
};

/// What a FaultProxy is made with.
struct FaultProxyOptions {
    std::string to = {};                 ///< the server: "HOST:PORT" or "unix:PATH"
    std::string listen = "127.0.0.1:0";  ///< port 0 takes a free one
    LinkFaults up = {};                  ///< from each client to the server
    LinkFaults down = {};                ///< back

    /// How messages are told apart, which only LinkFaults::message and `observe` need.
    Framing framing = Framing::automatic;

    /// A longer message counts as bytes that are none.
    std::size_t max_message_size = Limits{}.max_message_size;

    /// How long to try to reach the server for a client, which is then disconnected.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);

    /// Further clients are accepted, closed and counted. Each connection takes two descriptors, a
    /// thread, and about 320 KiB in each direction; with `message` or `observe` a message, too.
    std::size_t max_connections = 1'000;

    /// Called with all that happens, from the threads of the connections, also at the same time.
    /// Those of a connection come in order. Must not throw.
    std::function<void(const ProxyEvent&)> observe = {};

    /// Called from any thread with what went wrong, such as a server that is not there. Security:
    /// once a second for each kind of problem, with the number of those left out, since clients can
    /// bring it about. Gets the rest of that number when the proxy stops.
    std::function<void(const std::string&)> complain = {};
};

/// Stands between clients and a server, and does to their bytes what the network may do.
///
///     testing::FaultProxy proxy({.to = server.endpoint(), .up = {.flip_bit = 100}});
///     JsonClient client({.port = proxy.port()});
///
/// What is no message passes like what is one. A receiver that does not read is waited for, and so
/// its sender is; ends of a stream and resets are passed on.
///
/// Threads:  all members may be called from any thread. One thread serves each connection.
/// Errors:   the constructor throws ConnectError if it cannot listen, UsageError for an address or
///           a setting that is none.
class FaultProxy {
  public:
    /// Listens and serves from now on.
    explicit FaultProxy(FaultProxyOptions options);
    ~FaultProxy();
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;

    /// Closes all connections at once, whatever they wait for, and waits for their threads.
    void stop();

    /// Where it listens; 0 for a UNIX-domain socket.
    std::uint16_t port() const;

    /// "127.0.0.1:40312", "[::1]:40312" or "unix:PATH".
    std::string endpoint() const;

    /// How many clients were closed at once because of max_connections.
    std::uint64_t refused_connections() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jsocket::testing
