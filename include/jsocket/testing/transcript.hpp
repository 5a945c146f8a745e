// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/testing/fault_proxy.hpp>

#include <cstddef>
#include <cstdint>
#include <istream>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace jsocket::testing {

/// Something that happened on a connection: one line of a Transcript.
struct TranscriptEvent {
    /// What a line tells of.
    enum class Kind {
        connect,  ///< a client has connected
        message,  ///< a message has passed
        bytes,    ///< something has passed that is no message
        close,    ///< a side has closed
    };

    Kind kind{};                   ///< what it was
    std::uint64_t connection = 1;  ///< 1 is the first
    Direction direction{};         ///< whose message; who closed; up for a connect
    json message = {};             ///< of kind message
    std::string bytes = {};        ///< of kind bytes: what was no message, or only part of one

    /// The same line?
    bool operator==(const TranscriptEvent&) const = default;
};

/// What two sides said to each other, as text for people and files, and to be compared:
///
///     connect
///     > {"get":"temperature"}
///     < {"celsius":17.5}
///     > close
///
/// `>` is from the client, `<` from the server; the latest line tells who closed first. Lines of
/// other connections than the first begin with their number: `2 > {}`. Bytes that are no message
/// are a JSON string with a character for each: `> bytes "GET /\r\n\u00ff"`. Neither times nor
/// wire formats are part of it, so that the same conversation has the same transcript.
///
/// TestServer and ScriptedPeer have one; a FaultProxy writes one with
/// `.observe = [&](const ProxyEvent& event) { transcript.add(event); }`.
///
/// Threads:  all members may be called from any thread.
class Transcript {
  public:
    /// Nothing has been said.
    Transcript() = default;

    /// As it is at this moment.
    Transcript(const Transcript& other);

    /// Becomes what the other one is at this moment.
    Transcript& operator=(const Transcript& other);

    /// Reads what operator<< has written. Lines that are empty or begin with # are passed over.
    /// Throws UsageError, which begins with the number of the line, for one that is not right.
    static Transcript read(std::istream& input);

    /// The same from a text.
    static Transcript parse(std::string_view text);

    /// Adds a line at the end.
    void add(TranscriptEvent event);

    /// Only the first of a connection's two ends is noted.
    void add(const ProxyEvent& event);

    /// All lines so far.
    std::vector<TranscriptEvent> events() const;

    /// The messages of one direction, over all connections.
    std::vector<json> messages(Direction direction) const;

    /// One connection by itself, with the number 1: where several are open at a time, their lines
    /// come in any order.
    Transcript connection(std::uint64_t number) const;

    /// What operator<< writes.
    std::string text() const;

    /// Throws Mismatch, whose text has the first line that is not as `expected`, and where in its
    /// message, if this transcript is another one.
    void verify(const Transcript& expected) const;

    /// Line by line the same?
    bool operator==(const Transcript& other) const { return events() == other.events(); }

  private:
    mutable std::mutex mutex_;
    std::vector<TranscriptEvent> events_;  // guarded by mutex_
};

/// The text, with a line feed after each line.
std::ostream& operator<<(std::ostream& out, const Transcript& transcript);

}  // namespace jsocket::testing
