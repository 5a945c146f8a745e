// SPDX-License-Identifier: Apache-2.0
#include "testing/script_player.hpp"

#include "testing/observed_stream.hpp"
#include "testing/pattern.hpp"

#include <jsocket/error.hpp>
#include <jsocket/framing/frame_reader.hpp>
#include <jsocket/json_text.hpp>
#include <jsocket/testing/mismatch.hpp>

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace jsocket::testing {
namespace {

constexpr std::size_t max_shown = 200;  // bytes of what is no JSON
constexpr std::size_t max_line = 300;   // of a transcript in a report
constexpr std::size_t max_lines = 20;
constexpr std::chrono::seconds delivery_time(1);  // of what was sent before a close

std::string in_quotes(std::string_view bytes) { return '"' + printable(bytes, max_shown) + '"'; }

/// The latest lines, each cut to what can be read.
std::string excerpt(const Transcript& transcript) {
    std::vector<std::string> lines;
    std::istringstream text(transcript.text());
    for (std::string line; std::getline(text, line);) lines.push_back(printable(line, max_line));
    const std::size_t left_out = lines.size() > max_lines ? lines.size() - max_lines : 0;
    std::string result = left_out > 0 ? "\n  (" + std::to_string(left_out) + " lines before)" : "";
    for (std::size_t i = left_out; i < lines.size(); ++i) result += "\n  " + lines[i];
    return result;
}

}  // namespace

ScriptPlayer::ScriptPlayer(Script script, Options options, Connect connect)
    : script_(std::move(script)), options_(options), connect_(std::move(connect)) {}

void ScriptPlayer::run() {
    connect();
    for (; current_ < script_.steps_.size(); ++current_) play(script_.steps_[current_]);
}

void ScriptPlayer::play(const Step& step) {
    using Kind = Step::Kind;
    end_ = deadline_after(options_.timeout);
    switch (step.kind) {
        case Kind::expect:
            return expect(step);
        case Kind::expect_bytes:
            return expect_bytes(step.text);
        case Kind::expect_close:
            return expect_close();
        case Kind::reply:
            return send(step.make ? made(step) : step.message);
        case Kind::send:
            return send(step.message);
        case Kind::send_bytes:
            return write(step.text);
        case Kind::close:
            return close();
        case Kind::reconnect:
            return connect();
    }
}

void ScriptPlayer::connect() {
    close();
    const bool last = !connection_needed_after(current_);
    std::unique_ptr<Stream> stream;
    try {
        stream = connect_(last);
    } catch (const Error& error) {
        fail(error.what());
    }
    const std::uint64_t number = ++connections_;
    transcript_.add(TranscriptEvent{.connection = number});
    auto observed = std::make_unique<ObservedStream>(
        std::move(stream), options_.reads, options_.framing, [this, number](ProxyEvent event) {
            event.connection = number;
            transcript_.add(event);
        });
    finder_ = std::make_unique<MessageFinder>(options_.framing, largest_automatic_message);
    const Lock lock(mutex_);
    stream_ = std::move(observed);
    if (interrupted_) stream_->interrupt();
}

bool ScriptPlayer::connection_needed_after(std::size_t step) const {
    const auto& steps = script_.steps_;
    const bool first = connections_ == 0;  // made before any step
    return std::any_of(steps.begin() + static_cast<std::ptrdiff_t>(step + (first ? 0 : 1)),
                       steps.end(),
                       [](const Step& later) { return later.kind == Step::Kind::reconnect; });
}

void ScriptPlayer::expect(const Step& step) {
    latest_ = next_message(step);
    if (!step.holds) {
        const auto where = difference(step.message, latest_);
        if (where) fail(shown(step.message), shown(latest_) + "\n" + *where);
        return;
    }
    try {
        if (step.holds(latest_)) return;
    } catch (const std::exception& error) {
        fail(step.text, shown(latest_) + "\nlooking at it threw: " + error.what());
    }
    fail(step.text, shown(latest_));
}

json ScriptPlayer::next_message(const Step& step) {
    const std::string expected = step.holds ? step.text : shown(step.message);
    for (;;) {
        const auto found = finder_->next();
        if (!found) {
            if (receive(expected) == Received::end) fail(expected, "the end of the stream");
        } else if (found->kind == MessageFinder::Kind::other) {
            fail(expected, "bytes that are no message of the framing " +
                               std::string(to_string(finder_->framing())) + ": " +
                               in_quotes(found->bytes));
        } else if (found->kind == MessageFinder::Kind::message) {
            try {
                return parse(found->bytes);
            } catch (const PayloadError& error) {
                fail(expected, in_quotes(found->bytes) + ", which is no JSON: " + error.what());
            }
        }
    }
}

void ScriptPlayer::expect_bytes(const std::string& bytes) {
    const std::string expected = "the bytes " + in_quotes(bytes);
    while (finder_->rest().size() < bytes.size() && bytes.starts_with(finder_->rest())) {
        if (receive(expected) == Received::end) {
            fail(expected, in_quotes(finder_->rest()) + " and the end of the stream");
        }
    }
    const std::string_view got = finder_->rest().substr(0, bytes.size());
    if (got != bytes) fail(expected, in_quotes(got));
    finder_->skip(bytes.size());
}

void ScriptPlayer::expect_close() {
    const std::string expected = "the end of the stream";
    do {
        while (const auto found = finder_->next()) {
            if (found->kind != MessageFinder::Kind::blank) fail(expected, in_quotes(found->bytes));
        }
    } while (receive(expected) == Received::bytes);
    if (!finder_->rest().empty()) fail(expected, in_quotes(finder_->rest()));
}

void ScriptPlayer::send(const json& message) {
    // An answer in the wire format of the question.
    const auto codec = framing::make_codec(finder_->framing(), largest_message);
    std::string text;
    std::string bytes;
    try {
        serialize(message, text, {.max_message_size = largest_message});
    } catch (const UsageError& error) {
        fail(std::string("this cannot be sent: ") + error.what());
    }
    codec->encode(text, bytes);
    write(bytes);
}

void ScriptPlayer::write(std::string_view bytes) {
    try {
        stream_->write_all(bytes, options_.timeout);
    } catch (const Error& error) {
        fail(in_quotes(bytes) + " could not be sent: " + error.what());
    }
}

void ScriptPlayer::close() {
    if (!stream_) return;
    stream_->finish_writing();
    stream_->await_delivery(delivery_time);
    const Lock lock(mutex_);
    stream_.reset();
}

json ScriptPlayer::made(const Step& step) const {
    try {
        return step.make(latest_);
    } catch (const std::exception& error) {
        fail(std::string("making the reply threw: ") + error.what());
    }
}

ScriptPlayer::Received ScriptPlayer::receive(const std::string& expected) {
    std::array<char, 64 * 1024> space;
    std::optional<std::size_t> size;
    try {
        size = stream_->read_some(space, end_);
    } catch (const ConnectionError&) {
        return Received::end;  // a reset is one, too
    }
    if (!size) {
        const std::string_view got = finder_->rest();
        fail(expected, (got.empty() ? "nothing" : in_quotes(got) + " and no more") + " for " +
                           std::to_string(options_.timeout.count()) + " ms");
    }
    finder_->add({space.data(), *size});
    return *size > 0 ? Received::bytes : Received::end;
}

void ScriptPlayer::check_rest() {
    if (!stream_) return;
    try {
        std::array<char, 64 * 1024> space;
        // Whoever sends without end is not listened to for ever.
        const Deadline end = deadline_after(options_.timeout);
        while (std::chrono::steady_clock::now() < end) {
            const auto size = stream_->read_some(space, immediately);
            if (size.value_or(0) == 0) break;
            finder_->add({space.data(), *size});
        }
    } catch (const ConnectionError&) {
        // It is gone; what came before counts.
    }
    std::string rest;
    while (const auto found = finder_->next()) {
        if (found->kind != MessageFinder::Kind::blank) rest += found->bytes;
    }
    rest += finder_->rest();
    close();
    if (!rest.empty()) fail("nothing more", in_quotes(rest));
}

void ScriptPlayer::interrupt() noexcept {
    const Lock lock(mutex_);
    interrupted_ = true;
    if (stream_) stream_->shutdown();
}

void ScriptPlayer::fail(const std::string& expected, const std::string& got) const {
    fail("expected " + expected + "\ngot " + got);
}

void ScriptPlayer::fail(const std::string& problem) const {
    const std::size_t steps = script_.steps_.size();
    const std::string where =
        current_ < steps ? "step " + std::to_string(current_ + 1) + " of " + std::to_string(steps)
                         : "after the last step";
    throw Mismatch(where + ": " + problem + "\nso far:" + excerpt(transcript_));
}

}  // namespace jsocket::testing
