// SPDX-License-Identifier: Apache-2.0
//
// A server's whole session with one client, in memory and on one thread: what the client sends, in
// pieces and with silences, is served by handlers that echo; then replies and statistics are
// compared with those of a model that reads the whole stream at once.
#include "framing/model.hpp"
#include "fuzz/payload_model.hpp"
#include "fuzz/stream_recipe.hpp"
#include "server/session.hpp"

#include <jsocket/error.hpp>
#include <jsocket/json_text.hpp>
#include <jsocket/server/message_handler.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace jsocket;
using test::require;

enum class Echo { moved, copied, every_other, text };

struct Setup {
    Framing framing = Framing::automatic;
    Echo echo = Echo::moved;
    Limits limits;
    bool reset = false;                 // rather than ended
    std::optional<std::size_t> writes;  // that succeed before one that does not
};

/// The client: what it sends is given, what it receives is kept.
struct Client {
    std::vector<std::string_view> pieces;  // empty: silence
    bool reset = false;
    std::optional<std::size_t> writes;

    std::size_t next = 0;
    std::string received = {};
    bool write_failed = false;
    bool closed = false;
};

class ClientStream : public Stream {
  public:
    explicit ClientStream(Client& client) : client_(client) {}

    std::optional<std::size_t> read_some(std::span<char> space, Deadline deadline) override {
        require(!space.empty(), "there is room to read into");
        if (interrupted_) return 0;
        while (client_.next < client_.pieces.size() && client_.pieces[client_.next].empty()) {
            if (deadline == no_deadline) {
                ++client_.next;
                continue;
            }
            // Time passes without a wait. A silence is as long as the longest that is allowed.
            silence_ += deadline - std::chrono::steady_clock::now();
            if (silence_ >= SocketOptions().recv_timeout - std::chrono::milliseconds(1)) {
                silence_ = {};
                ++client_.next;
            }
            return std::nullopt;
        }
        if (client_.next == client_.pieces.size()) {
            if (client_.reset) throw ConnectionError("the connection was reset");
            return 0;
        }
        std::string_view& piece = client_.pieces[client_.next];
        const std::size_t size = std::min(space.size(), piece.size());
        std::memcpy(space.data(), piece.data(), size);
        piece.remove_prefix(size);
        if (piece.empty()) ++client_.next;
        return size;
    }

    void write_all(std::string_view bytes, Pace) override {
        require(!client_.closed, "nothing is written to a stream that was closed");
        if (client_.writes && (*client_.writes)-- == 0) {
            client_.write_failed = true;
            throw ConnectionError("the client has gone");
        }
        client_.received += bytes;
    }

    void interrupt() noexcept override { interrupted_ = true; }
    void finish_writing() noexcept override {}
    void shutdown() noexcept override { client_.closed = interrupted_ = true; }
    std::string peer() const override { return "a client"; }

  private:
    std::chrono::steady_clock::duration silence_{};  // so far
    Client& client_;
    bool interrupted_ = false;
};

/// The reply to a text, so that one may be too large though the message was not.
std::string within_array(std::string_view payload) { return '[' + std::string(payload) + ']'; }

/// Counts its calls; answers as `echo` says.
class Handler : public MessageHandler {
  public:
    Handler(Echo echo, const Limits& limits) : echo_(echo), limits_(limits) {}

    int connects = 0;
    int disconnects = 0;
    int errors = 0;

  private:
    std::optional<json> process_message(json& message) override {
        if (echo_ == Echo::copied) return message;
        if (echo_ == Echo::every_other && ++messages_ % 2 == 1) return std::nullopt;
        return std::move(message);
    }
    void process_payload(std::string_view payload, std::string& reply) override {
        if (echo_ != Echo::text) return MessageHandler::process_payload(payload, reply);
        validate(payload, limits_);
        reply = within_array(payload);
    }
    void on_connect() override { ++connects; }
    void on_disconnect() override { ++disconnects; }
    void on_error(const std::exception&) override { ++errors; }

    const Echo echo_;
    const Limits limits_;
    std::uint64_t messages_ = 0;
};

/// What a session has to come to.
struct Outcome {
    std::string replies;
    std::uint64_t messages_in = 0;
    std::uint64_t messages_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::vector<std::string> failures;  // one of them, none if there are none
};

std::string without_line_breaks(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\r', ' ');
    return text;
}

/// Serves one message, as slowly as can be. False if it ends the session.
bool serve(const std::string& payload, Framing framing, const Setup& setup, Outcome& outcome) {
    const bool text = setup.echo == Echo::text;
    const auto numbers = text ? test::Numbers::any : test::Numbers::exact;
    const auto verdicts = test::verdicts(payload, setup.limits, numbers);
    if (verdicts.front() != "ok") {
        outcome.failures = verdicts;
        return false;
    }
    outcome.messages_in += 1;
    outcome.bytes_in += payload.size();
    if (setup.echo == Echo::every_other && outcome.messages_in % 2 == 1) return true;
    const std::string reply = text ? within_array(payload) : json::parse(payload).dump();
    if (reply.size() > setup.limits.max_message_size) {
        outcome.failures = {"bad_write"};
        return false;
    }
    outcome.messages_out += 1;
    outcome.bytes_out += reply.size();
    const bool lines = framing == Framing::lines;
    outcome.replies += test::frame_of(framing, lines ? without_line_breaks(reply) : reply, "\n");
    return true;
}

/// How much of the stream arrives before a silence within a message, if there is one.
std::optional<std::size_t> silence(const test::StreamRecipe& recipe, const Setup& setup) {
    std::size_t arrived = 0;
    for (const std::string_view piece : recipe.pieces) {
        arrived += piece.size();
        const std::string_view before = std::string_view(recipe.stream).substr(0, arrived);
        if (!piece.empty()) continue;
        if (test::model(setup.framing, before, setup.limits.max_message_size).mid_message)
            return arrived;
    }
    return std::nullopt;
}

Outcome expected(const test::StreamRecipe& recipe, const Setup& setup) {
    Outcome outcome;
    const auto silent = silence(recipe, setup);
    const std::string_view stream = std::string_view(recipe.stream).substr(0, silent.value_or(-1));
    const test::Reading reading = test::model(setup.framing, stream, setup.limits.max_message_size);
    for (const std::string& payload : reading.payloads) {
        if (!serve(payload, reading.framing, setup, outcome)) return outcome;
    }
    if (!reading.failure.empty()) {
        const bool checksum = reading.failure == "bad_checksum";
        outcome.failures = {checksum ? "bad_crc" : reading.failure};
    } else if (silent) {
        outcome.failures = {"timeout"};
    } else if (setup.reset) {
        outcome.failures = {"reset"};
    } else if (reading.mid_message) {
        outcome.failures = {"closed_mid_message"};
    }
    return outcome;
}

/// The failures that were counted, a name for each time.
std::vector<std::string> counted(const ClientStats& stats) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < failure_count; ++i) {
        names.insert(names.end(), stats.failures[i], std::string(to_string(Failure(i))));
    }
    return names;
}

void check_failures(const ClientStats& stats, const Outcome& outcome, const Client& client) {
    const std::vector<std::string> names = counted(stats);
    // A client that takes nothing may be noticed before, or instead of, what it did wrong.
    if (client.write_failed && names == std::vector<std::string>{"bad_write"}) return;
    if (outcome.failures.empty()) return require(names.empty(), "nothing counts as a failure");
    require(names.size() == 1 && test::is_among(names.front(), outcome.failures),
            "the failure is counted, once and as what it is");
}

void check(const ClientStats& stats, const Handler& handler, const Outcome& outcome,
           const Client& client) {
    require(handler.connects == 1 && handler.disconnects == 1, "it is greeted and seen off");
    require(client.closed && !stats.connected && stats.disconnects == 1, "it is disconnected");
    require(std::size_t(handler.errors) == counted(stats).size(), "on_error hears of the failure");
    check_failures(stats, outcome, client);
    if (client.write_failed) {
        require(outcome.replies.starts_with(client.received), "what was written is as expected");
        require(stats.messages_in <= outcome.messages_in, "no more is read than there is");
        return;
    }
    require(client.received == outcome.replies, "each message before the failure has its reply");
    require(stats.messages_in == outcome.messages_in && stats.bytes_in == outcome.bytes_in,
            "messages are counted");
    require(stats.messages_out == outcome.messages_out && stats.bytes_out == outcome.bytes_out,
            "replies are counted");
}

Setup read_setup(test::Input& input) {
    constexpr std::array<Framing, 4> framings{Framing::automatic, Framing::prefix, Framing::crc,
                                              Framing::lines};
    constexpr std::array<std::size_t, 4> sizes{10 * 1024 * 1024, 20, 300, 70'000};
    constexpr std::array<std::size_t, 4> depths{128, 1, 2, 5};
    constexpr std::array<std::size_t, 4> elements{1'000'000, 1, 4, 30};
    const std::uint8_t first = input.byte();
    const std::uint8_t second = input.byte();
    Setup setup;
    setup.framing = framings[first & 3];
    setup.echo = Echo(first >> 2 & 3);
    setup.reset = (first >> 4 & 1) != 0;
    if ((first >> 5 & 1) != 0) setup.writes = first >> 6;
    setup.limits = {.max_message_size = sizes[second & 3],
                    .max_depth = depths[second >> 2 & 3],
                    .max_elements = elements[second >> 4 & 3]};
    return setup;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::Input input(data, size);
    const Setup setup = read_setup(input);
    test::StreamRecipe recipe;
    test::cook(input, setup.framing, recipe);

    Client client{.pieces = recipe.pieces, .reset = setup.reset, .writes = setup.writes};
    Handler handler(setup.echo, setup.limits);
    const auto session =
        std::make_shared<Session>(1, std::make_unique<ClientStream>(client),
                                  ServerOptions{.framing = setup.framing,
                                                .limits = setup.limits,
                                                .spin = {}});  // which would pass over silences
    session->serve(handler);
    check(session->stats(), handler, expected(recipe, setup), client);
    return 0;
}
