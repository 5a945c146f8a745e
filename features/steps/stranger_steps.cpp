// SPDX-License-Identifier: Apache-2.0
// Mallory, who sends what the library would never send.
#include "expect.hpp"
#include "steps.hpp"
#include "world.hpp"

#include <jsocket/limits.hpp>

#include <map>

namespace {

using std::chrono::milliseconds;
using namespace std::string_view_literals;

/// A message of 256 bytes, `prefix` format, without its last 246 bytes.
constexpr std::string_view half_a_message = "\0\0\1\0{\"never\": "sv;

std::string line(std::string text) { return std::move(text) + '\n'; }

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string zeros(std::size_t count) {
    std::string text = "[0";
    for (std::size_t i = 1; i < count; ++i) {
        text += ",0";
    }
    return text + ']';
}

std::string bytes_of(const std::string& what) {
    static const jsocket::Limits limits;
    static const std::map<std::string, std::string> known = {
        {"an HTTP request", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {"a web form", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n{\"transfer\": 1000}\n"},
        {"a TLS greeting", std::string("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"sv)},
        {"a message with a wrong checksum", std::string("JSN1\0\0\0\2\0\0\0\0{}"sv)},
        {"a message that claims to be huge", std::string("\x0f\xff\xff\xff{}"sv)},
        {"a message without a text", std::string("\0\0\0\0"sv)},
        {"a message that is not UTF-8", line("\"\xff\"")},
        {"a message that is not JSON", line("{\"a\":}")},
        {"a message with something behind it", line("{} {}")},
        {"a message with a number without digits", line("[NaN]")},
        {"a message nested too deeply", line(nested(limits.max_depth + 1))},
        {"a message of too many values", line(zeros(limits.max_elements))},
    };
    const auto found = known.find(what);
    expect(found != known.end(), "no step knows " + what);
    return found->second;
}

std::string lines(int count, const std::string& separator = "\n") {
    std::string text;
    for (int number = 1; number <= count; ++number) {
        text += std::to_string(number) + separator;
    }
    return text;
}

/// Sends it to whomever she is connected to; to the server if to nobody yet.
void send(World& world, std::string_view bytes) {
    if (!world.mallory.connected()) {
        world.mallory.connect(world.server().port());
    }
    world.mallory.send(bytes);
}

void define_listening(Steps& steps) {
    steps.define("Mallory listens and keeps silent", [](World& world) {
        world.mallory_address = "127.0.0.1:" + std::to_string(world.mallory.listen());
    });
    steps.define("a client that speaks {string} is connected to Mallory",
                 [](World& world, std::string format) {
                     jsocket::ClientOptions options = world.client_options;
                     options.port = world.mallory.listen();
                     options.framing = jsocket::framing_from_string(format).value();
                     jsocket::JsonClient client(options);
                     client.connect();
                     world.mallory.accept();
                     world.clients.insert_or_assign(Name{"client"}, std::move(client));
                 });
}

void define_sending(Steps& steps) {
    steps.define("Mallory sends {thing}",
                 [](World& world, std::string what) { send(world, bytes_of(what)); });
    steps.define("Mallory sends half a message", [](World& world) { send(world, half_a_message); });
    steps.define("Mallory has sent half a message",
                 [](World& world) { send(world, half_a_message); });
    steps.define("Mallory sends {int} messages and then {thing}",
                 [](World& world, int count, std::string what) {
                     send(world, lines(count) + bytes_of(what));
                 });
    steps.define("Mallory sends {int} messages with blank lines between them",
                 [](World& world, int count) { send(world, lines(count, "\n\r\n\n")); });
    steps.define("Mallory sends {int} message(s) byte by byte", [](World& world, int count) {
        for (const char byte : lines(count)) {
            send(world, {&byte, 1});
        }
    });
    steps.define("Mallory sends one byte of a message every {duration}", [](World& world,
                                                                            milliseconds pause) {
        world.mallory.connect(world.server().port());
        const std::string rest(256, ' ');
        world.measure([&] { world.mallory.send_slowly(std::string("\0\0\1\0"sv) + rest, pause); });
    });
}

void define_seeing(Steps& steps) {
    steps.define("Mallory receives {int} answer(s)", [](World& world, int count) {
        const std::string answers = world.mallory.read_lines(std::size_t(count));
        expect_equal(answers, lines(count), "what Mallory received");
    });
    steps.define("Mallory is disconnected", [](World& world) { world.mallory.read_to_end(); });
    steps.define("Mallory is disconnected without a reply", [](World& world) {
        expect_equal(world.mallory.read_to_end(), "", "what Mallory received");
    });
    steps.define("Mallory is disconnected within {duration}",
                 [](World& world, milliseconds limit) { world.mallory.read_to_end(limit); });
    steps.define(
        "Mallory was disconnected within {duration}", [](World& world, milliseconds limit) {
            expect(world.took < limit, "it took " + std::to_string(world.took.count()) + " ms");
        });
    steps.define("Mallory leaves", [](World& world) { world.mallory.close(); });
}

}  // namespace

void define_stranger_steps(Steps& steps) {
    define_listening(steps);
    define_sending(steps);
    define_seeing(steps);
}
