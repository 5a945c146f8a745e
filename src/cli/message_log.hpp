// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/server/server_factory_thread.hpp>
#include <jsocket/socket/interrupt.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace jsocket::cli {

/// What `jsocket listen` prints: a line for each message, or, as JSON, for each event.
///
/// Threads:  every member may be called from any thread. Nobody goes on before a line is written,
///           so that clients wait for whoever reads the lines, and none is lost.
class MessageLog {
  public:
    static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

    /// Takes `count` messages. `as_json`: events as JSON objects, instead of messages alone.
    MessageLog(bool as_json, std::uint64_t count) : as_json_(as_json), left_(count) {}

    /// False if there are enough already, or lines cannot be written any more; then nothing is
    /// printed. `text` is compact.
    bool message(SessionId connection, const std::string& peer, std::string_view text,
                 std::optional<std::size_t> rule);

    void connected(SessionId connection, const std::string& peer);

    /// `error` says why, if it was not the client's wish.
    void disconnected(SessionId connection, const std::string& peer, const std::string& error);

    /// Raised after the last message, or when a line cannot be written.
    const Interrupt& done() const { return done_; }

    /// Throws Error if a line could not be written.
    void check() const;

  private:
    bool print(std::string_view line);
    void print_event(const char* event, SessionId connection, const std::string& peer,
                     const std::string& error);

    const bool as_json_;
    Interrupt done_;
    mutable std::mutex mutex_;
    std::uint64_t left_;
    std::string failure_;  // of printing
};

}  // namespace jsocket::cli
