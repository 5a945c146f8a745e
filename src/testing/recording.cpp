// SPDX-License-Identifier: Apache-2.0
#include "testing/recording.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string_view>
#include <utility>

namespace jsocket::testing {
namespace {

using Kind = ProxyEvent::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, 5> kind_names{{
    {Kind::connect, "connect"},
    {Kind::message, "message"},
    {Kind::bytes, "bytes"},
    {Kind::finish, "finish"},
    {Kind::close, "close"},
}};

constexpr std::string_view hex_digits = "0123456789abcdef";

std::string_view to_string(Kind kind) {
    return std::find_if(kind_names.begin(), kind_names.end(),
                        [&](const auto& entry) { return entry.first == kind; })
        ->second;
}

std::string to_hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += hex_digits[byte >> 4];
        text += hex_digits[byte & 0xF];
    }
    return text;
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const std::size_t high = hex_digits.find(text[i]);
        const std::size_t low = hex_digits.find(text[i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
}

/// Whatever was a message may be in a line, with a little around it.
Limits line_limits() {
    Limits limits;
    limits.max_depth += 1;
    limits.max_elements += 10;
    return limits;
}

/// What may become a tree when it is read again; the rest is kept as bytes.
bool is_json(std::string_view text) {
    try {
        parse(text);
        return true;
    } catch (const PayloadError&) {
        return false;
    }
}

std::string member(std::string_view name, std::string_view text) {
    return ",\"" + std::string(name) + "\":\"" + std::string(text) + '"';
}

/// The members of one line. Errors: UsageError.
class Line {
  public:
    Line(std::size_t number, const std::string& text) : number_(number) {
        try {
            value_ = parse(text, line_limits());
        } catch (const PayloadError& error) {
            fail(error.what());
        }
        if (!value_.is_object()) fail("expected an object");
    }

    [[noreturn]] void fail(const std::string& problem) const {
        throw UsageError("line " + std::to_string(number_) + ": " + problem);
    }

    bool has(const char* name) const { return value_.contains(name); }

    const json& at(const char* name) const {
        if (!has(name)) fail("there is no \"" + std::string(name) + '"');
        return value_.at(name);
    }

    std::uint64_t connection() const {
        const json& value = at("connection");
        if (!value.is_number_unsigned() || value == 0) fail("\"connection\" must be 1 or more");
        return value;
    }

    double seconds() const {
        const json& value = at("seconds");
        if (!value.is_number() || value < 0) fail("\"seconds\" must be 0 or more");
        return value;
    }

    /// What `name` stands for: that of `values` whose name it is.
    template <typename Values>
    auto one_of(const char* name, const Values& values) const {
        const json& value = at(name);
        std::string names;
        for (const auto& [meaning, text] : values) {
            if (value == text) return meaning;
            names += (names.empty() ? "" : " or ") + std::string(text);
        }
        fail('"' + std::string(name) + "\" must be " + names);
    }

    std::string hex(const char* name) const {
        const json& value = at(name);
        const auto bytes =
            value.is_string() ? from_hex(value.get_ref<const std::string&>()) : std::nullopt;
        if (!bytes) fail('"' + std::string(name) + "\" must be bytes as hexadecimal digits");
        return *bytes;
    }

  private:
    const std::size_t number_;
    json value_;
};

RecordedEvent event_of(const Line& line, std::size_t number) {
    using std::pair;
    constexpr std::array directions{pair{Direction::up, "up"}, pair{Direction::down, "down"}};
    constexpr std::array framings{pair{Framing::prefix, "prefix"}, pair{Framing::crc, "crc"},
                                  pair{Framing::lines, "lines"}};
    RecordedEvent event{.line = number, .kind = line.one_of("event", kind_names)};
    if (event.kind == Kind::connect || event.kind == Kind::close) return event;
    event.direction = line.one_of("direction", directions);
    if (event.kind == Kind::bytes) event.bytes = line.hex("bytes");
    if (event.kind != Kind::message) return event;
    event.framing = line.one_of("framing", framings);
    if (line.has("payload")) {
        event.bytes = line.hex("payload");
    } else {
        event.message = line.at("message");
        serialize(*event.message, event.bytes);
    }
    return event;
}

/// A connection of which some lines have been read.
struct Unfinished {
    std::size_t index;  // in the result
    double seconds;
    bool closed = false;
    std::array<bool, 2> finished{};  // by Direction
    std::array<bool, 2> beyond_help{};
};

/// Refuses what cannot come after the lines before.
void check_order(const Line& line, const RecordedEvent& event, Unfinished& connection) {
    const double seconds = line.seconds();
    if (connection.closed) line.fail("this connection has been closed before");
    if (seconds < connection.seconds) line.fail("\"seconds\" is less than before");
    connection.seconds = seconds;
    connection.closed = event.kind == Kind::close;
    if (connection.closed) return;
    const auto direction = static_cast<std::size_t>(event.direction);
    if (connection.finished[direction]) line.fail("this direction has been finished before");
    if (event.kind == Kind::message && connection.beyond_help[direction]) {
        line.fail("no message can come after bytes that are none");
    }
    connection.finished[direction] = event.kind == Kind::finish;
    if (event.kind == Kind::bytes) connection.beyond_help[direction] = true;
}

}  // namespace

std::string recording_line(const ProxyEvent& event) {
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%.6f",
                  std::chrono::duration<double>(event.time).count());
    std::string line = "{\"connection\":" + std::to_string(event.connection) +
                       ",\"seconds\":" + seconds.data() + member("event", to_string(event.kind));
    if (event.kind != Kind::connect && event.kind != Kind::close) {
        line += member("direction", event.direction == Direction::up ? "up" : "down");
    }
    if (event.kind == Kind::bytes) line += member("bytes", to_hex(event.bytes));
    if (event.kind == Kind::message) {
        line += member("framing", jsocket::to_string(event.framing));
        line += is_json(event.bytes) ? ",\"message\":" + compact(event.bytes)
                                     : member("payload", to_hex(event.bytes));
    }
    return line + '}';
}

std::vector<RecordedConnection> read_recording(std::istream& input) {
    std::vector<RecordedConnection> connections;
    std::map<std::uint64_t, Unfinished> unfinished;
    std::string text;
    for (std::size_t number = 1; std::getline(input, text); ++number) {
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        const Line line(number, text);
        RecordedEvent event = event_of(line, number);
        const std::uint64_t connection = line.connection();
        const auto known = unfinished.find(connection);
        if (event.kind == Kind::connect) {
            if (known != unfinished.end()) line.fail("this connection has been made before");
            unfinished.insert({connection, {connections.size(), line.seconds()}});
            connections.push_back({.number = connection, .events = {}});
        } else {
            if (known == unfinished.end()) line.fail("this connection has not been made before");
            check_order(line, event, known->second);
            if (event.kind == Kind::close) continue;
            connections[known->second.index].events.push_back(std::move(event));
        }
    }
    std::sort(connections.begin(), connections.end(),
              [](const auto& one, const auto& other) { return one.number < other.number; });
    return connections;
}

}  // namespace jsocket::testing
