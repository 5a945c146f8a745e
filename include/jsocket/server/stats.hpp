// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket {

/// Why a client lost its connection. The first nine are those of the Python package; what it counts
/// as `handler` or not at all is told apart by the others.
enum class Failure : std::uint8_t {
    timeout,       ///< silence within a message, or a message took too long
    bad_write,     ///< a reply could not be sent: no JSON, too big, client gone or not reading
    bad_crc,       ///< the checksum does not match
    bad_header,    ///< the bytes begin no message of the wire format
    oversize,      ///< the message is over max_message_size
    invalid_utf8,  ///< the text is not UTF-8
    invalid_json,  ///< the text is not JSON
    handler,       ///< an exception left a hook
    framing,       ///< anything else that went wrong in receiving
    closed_mid_message,  ///< the client left within a message
    reset,               ///< the connection was reset
    too_deep,            ///< nested beyond max_depth
    too_complex,         ///< more values than max_elements
    tls,                 ///< no TLS came about, or it broke
    memory,              ///< it held most when memory_budget was used up
};

/// How many kinds there are.
inline constexpr std::size_t failure_count = 15;

/// The name above, as it stands in the statistics.
std::string_view to_string(Failure failure);

/// What a server knows of one client: of all its connections together, past and present.
/// Times are seconds; time stamps are Unix time, empty if it never happened.
struct ClientStats {
    std::string client_id;                  ///< as in ServerStats::clients
    bool connected = false;                 ///< one connection of this name is open, or more
    std::uint64_t connects = 0;             ///< connections that got this name
    std::uint64_t disconnects = 0;          ///< those of them that have ended
    std::uint64_t messages_in = 0;          ///< read as JSON, whatever became of them
    std::uint64_t messages_out = 0;         ///< replies sent; what send_obj() pushes is not counted
    std::uint64_t bytes_in = 0;             ///< of their JSON text, without headers
    std::uint64_t bytes_out = 0;            ///< the same of replies
    double connected_duration = 0;          ///< of the longest connection that is open now
    double total_connected_duration = 0;    ///< of all
    std::optional<double> last_connect_ts;  ///< of the latest connection
    std::optional<double> last_disconnect_ts;             ///< of the one that ended latest
    std::optional<double> last_message_ts;                ///< in or out
    std::array<std::uint64_t, failure_count> failures{};  ///< how often each, by its number

    /// Bytes for each message that was read; 0 if there was none.
    double avg_payload_in() const;

    /// Bytes for each reply; 0 if there was none.
    double avg_payload_out() const;

    /// How often this failure ended a connection.
    std::uint64_t& operator[](Failure failure) { return failures[std::size_t(failure)]; }

    /// The same, to look at.
    std::uint64_t operator[](Failure failure) const { return failures[std::size_t(failure)]; }
};

/// A snapshot of a server's clients.
///
/// A client is who it says it is: the member `client`, else `client_id`, of the last message that
/// had one; until then its address, HOST:PORT.
struct ServerStats {
    std::size_t connected_clients = 0;      ///< names connected now; two connections may share one
    std::uint64_t refused_connections = 0;  ///< closed unserved; see ServerOptions for when
    std::map<std::string, ClientStats> clients;  ///< by name, those that have gone included

    /// Of all clients there have been together, the forgotten ones included; without a name, and
    /// connected if one of them is. Not in the JSON, which is that of the Python package.
    ClientStats totals;
};

/// The members of the Python package's, and more kinds of failure.
void to_json(json& out, const ClientStats& stats);

/// {"clients": {NAME: ...}, "connected_clients", "refused_connections"}
void to_json(json& out, const ServerStats& stats);

}  // namespace jsocket
