// SPDX-License-Identifier: Apache-2.0
#include "testing/pattern.hpp"

#include <jsocket/error.hpp>
#include <jsocket/testing/mismatch.hpp>
#include <jsocket/testing/transcript.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

namespace jsocket::testing {
namespace {

using Kind = TranscriptEvent::Kind;

// A message was within the limits of a connection, whatever they were.
constexpr Limits no_limits{.max_message_size = largest_message,
                           .max_depth = largest_depth,
                           .max_elements = static_cast<std::size_t>(-1)};

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Each byte as the character of its number, as a JSON string of ASCII.
std::string characters_of(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {  // its UTF-8
            text += static_cast<char>(0xC0 | byte >> 6);
            text += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return json(text).dump(-1, ' ', true);
}

/// The reverse of characters_of(). Throws UsageError.
std::string bytes_of(std::string_view text) {
    const json value = parse(text, no_limits);
    if (!value.is_string()) throw UsageError("bytes must be a JSON string");
    const auto& characters = value.get_ref<const std::string&>();
    std::string bytes;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        auto byte = static_cast<unsigned char>(characters[i]);
        if (byte > 0xC3) throw UsageError("bytes must be characters up to \\u00ff");
        if (byte >= 0x80) {
            const auto rest = static_cast<unsigned char>(characters[++i]);
            byte = static_cast<unsigned char>((byte & 0x03) << 6 | (rest & 0x3F));
        }
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

std::string line_of(const TranscriptEvent& event) {
    std::string line = event.connection == 1 ? "" : std::to_string(event.connection) + ' ';
    if (event.kind == Kind::connect) return line + "connect";
    line += event.direction == Direction::up ? "> " : "< ";
    if (event.kind == Kind::close) return line + "close";
    if (event.kind == Kind::bytes) return line + "bytes " + characters_of(event.bytes);
    return line + dumped(event.message);
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// The event of one line. Throws UsageError or PayloadError.
TranscriptEvent event_of(std::string_view line) {
    TranscriptEvent event;
    if (line.find_first_of("123456789") == 0) {
        const auto [end, error] =
            std::from_chars(line.data(), line.data() + line.size(), event.connection);
        if (error != std::errc{}) throw UsageError("the number of the connection is too big");
        line.remove_prefix(static_cast<std::size_t>(end - line.data()));
        if (!take(line, " ")) throw UsageError("expected a space behind the number");
    }
    if (line == "connect") return event;
    if (take(line, "< ")) {
        event.direction = Direction::down;
    } else if (!take(line, "> ")) {
        throw UsageError("expected `connect`, or `> ` or `< ` and what was sent");
    }
    if (line == "close") {
        event.kind = Kind::close;
    } else if (take(line, "bytes ")) {
        event.kind = Kind::bytes;
        event.bytes = bytes_of(line);
    } else {
        event.kind = Kind::message;
        event.message = parse(line, no_limits);
    }
    return event;
}

/// What is to be read of an event in a report.
std::string shown_line(const TranscriptEvent& event) {
    if (event.kind != Kind::message) return line_of(event);
    TranscriptEvent cut = event;
    cut.message = nullptr;
    std::string line = line_of(cut);
    return line.substr(0, line.size() - 4) + shown(event.message);
}

}  // namespace

Transcript::Transcript(const Transcript& other) : events_(other.events()) {}

Transcript& Transcript::operator=(const Transcript& other) {
    std::vector<TranscriptEvent> events = other.events();
    const std::lock_guard lock(mutex_);
    events_ = std::move(events);
    return *this;
}

Transcript Transcript::read(std::istream& input) {
    Transcript transcript;
    std::string line;
    for (std::size_t number = 1; std::getline(input, line); ++number) {
        if (line.ends_with('\r')) line.pop_back();
        if (line.empty() || line.starts_with('#')) continue;
        try {
            transcript.add(event_of(line));
        } catch (const Error& error) {
            throw UsageError("line " + std::to_string(number) + ": " + error.what());
        }
    }
    return transcript;
}

Transcript Transcript::parse(std::string_view text) {
    std::istringstream input{std::string(text)};
    return read(input);
}

void Transcript::add(TranscriptEvent event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
}

void Transcript::add(const ProxyEvent& event) {
    TranscriptEvent added{.connection = event.connection, .direction = event.direction};
    switch (event.kind) {
        case ProxyEvent::Kind::connect:
            added.direction = Direction::up;
            break;
        case ProxyEvent::Kind::message:
            try {
                added.message = jsocket::parse(event.bytes, no_limits);
                added.kind = Kind::message;
                break;
            } catch (const PayloadError&) {
                // No server takes it for a message.
            }
            [[fallthrough]];
        case ProxyEvent::Kind::bytes:
            added.kind = Kind::bytes;
            added.bytes = event.bytes;
            break;
        case ProxyEvent::Kind::finish:
            added.kind = Kind::close;
            break;
        case ProxyEvent::Kind::close:
            return;  // follows a finish
    }
    const std::lock_guard lock(mutex_);
    const bool again =
        added.kind == Kind::close &&
        std::any_of(events_.begin(), events_.end(), [&](const auto& before) {
            return before.kind == Kind::close && before.connection == event.connection;
        });
    if (!again) events_.push_back(std::move(added));
}

std::vector<TranscriptEvent> Transcript::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

std::vector<json> Transcript::messages(Direction direction) const {
    std::vector<json> messages;
    const std::lock_guard lock(mutex_);
    for (const TranscriptEvent& event : events_) {
        if (event.kind == Kind::message && event.direction == direction) {
            messages.push_back(event.message);
        }
    }
    return messages;
}

Transcript Transcript::connection(std::uint64_t number) const {
    Transcript result;
    for (TranscriptEvent& event : events()) {
        if (event.connection != number) continue;
        event.connection = 1;
        result.events_.push_back(std::move(event));
    }
    return result;
}

std::string Transcript::text() const {
    std::string text;
    const std::lock_guard lock(mutex_);
    for (const TranscriptEvent& event : events_) text += line_of(event) + '\n';
    return text;
}

void Transcript::verify(const Transcript& expected) const {
    const std::vector<TranscriptEvent> got = events();
    const std::vector<TranscriptEvent> wanted = expected.events();
    const auto [one, other] = std::mismatch(got.begin(), got.end(), wanted.begin(), wanted.end());
    if (one == got.end() && other == wanted.end()) return;
    std::string text = "line " + std::to_string(one - got.begin() + 1) + ": expected " +
                       (other == wanted.end() ? "the end" : shown_line(*other)) + ", got " +
                       (one == got.end() ? "the end" : shown_line(*one));
    if (one != got.end() && other != wanted.end() && one->kind == other->kind) {
        const auto where = difference(other->message, one->message);
        if (where) text += "\n" + *where;
    }
    throw Mismatch(text);
}

std::ostream& operator<<(std::ostream& out, const Transcript& transcript) {
    return out << transcript.text();
}

}  // namespace jsocket::testing
