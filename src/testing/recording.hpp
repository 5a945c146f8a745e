// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jsocket/json.hpp>
#include <jsocket/testing/fault_proxy.hpp>

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <vector>

/// What went through a proxy, as JSON lines; docs/proxy.md describes them.
namespace jsocket::testing {

/// One line, without its end.
std::string recording_line(const ProxyEvent& event);

/// One line that has been read.
struct RecordedEvent {
    std::size_t line = 0;  ///< its number; 1 is the first
    ProxyEvent::Kind kind{};
    Direction direction{};
    Framing framing = Framing::prefix;
    std::optional<json> message{};  ///< if the text of the message is JSON
    std::string bytes{};            ///< as in ProxyEvent
};

/// From `connect` to `close`, both not among the events.
struct RecordedConnection {
    std::uint64_t number = 0;
    std::vector<RecordedEvent> events;
};

/// The connections of a recording in the order of their numbers, in which they were accepted.
/// Throws UsageError, which begins with the number of the line, for one that is not right, or not
/// after those before it.
std::vector<RecordedConnection> read_recording(std::istream& input);

}  // namespace jsocket::testing
